from django.db import models
from django.db.models import Deferrable, Q

from gigstream.core.models import Changing, CommonQuerySet, GuardedQuerySet, is_readable
from gigstream.core.people.row_names import loaded_name
from platforms.catalogue.models.creators import CreatorProfile
from platforms.catalogue.models.listeners import Listener
from platforms.catalogue.models.works import Work
from platforms.platforms.models import Platform


class Collection(Changing):
    """Works in an order: an album of a creator, or a list of a listener."""

    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="collections", db_index=False
    )
    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="collections", null=True, blank=True
    )
    listener = models.ForeignKey(
        Listener, on_delete=models.PROTECT, related_name="collections", null=True, blank=True
    )
    title = models.CharField(max_length=200)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "collections"
        constraints = [
            models.CheckConstraint(
                name="collection_has_one_owner",
                condition=Q(creator__isnull=False, listener__isnull=True)
                | Q(creator__isnull=True, listener__isnull=False),
            ),
            models.CheckConstraint(name="collection_title_readable", condition=is_readable("title")),
        ]
        indexes = [
            models.Index(name="collections_of_platform", fields=["platform", "-created_at", "-id"]),
        ]

    def __str__(self) -> str:
        return self.title


class CollectionWork(models.Model):
    """A work at its place in a collection."""

    id = models.BigAutoField(primary_key=True)
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="places", db_index=False
    )
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="places")
    position = models.PositiveIntegerField(help_text="1, 2, … without a gap")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "collection_works"
        constraints = [
            # Checked at the end of a statement, which may exchange places.
            models.UniqueConstraint(
                name="collection_position_once",
                fields=["collection", "position"],
                deferrable=Deferrable.IMMEDIATE,
            ),
            models.UniqueConstraint(name="collection_work_once", fields=["collection", "work"]),
            models.CheckConstraint(name="collection_position_from_1", condition=Q(position__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {loaded_name(self, 'work')}"
