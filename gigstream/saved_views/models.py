from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet, is_readable

LONGEST_NAME = 60


class SavedView(models.Model):
    """A list's conditions, filters and order under a name. A private view is its owner's; a shared view is
    there for all who may see the list."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    list_of = models.CharField(max_length=100, help_text="the model of the list, as in payments.transaction")
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.JSONField(
        help_text="conditions (column, operator, values), the order, and filters of the list's own"
    )
    is_shared = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0, help_text="among the owner's views of the list")
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    changed_at = models.DateTimeField(db_default=DatabaseNow())
    pinned_by = models.ManyToManyField(
        User, related_name="pinned_views", blank=True, db_table="saved_view_pins"
    )

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "saved_views"
        constraints = [
            models.UniqueConstraint(
                name="saved_view_name_once_for_owner", fields=["owner", "list_of", "name"]
            ),
            models.CheckConstraint(name="saved_view_has_a_name", condition=~Q(name="") & is_readable("name")),
            models.CheckConstraint(
                name="saved_view_names_its_list", condition=Q(list_of__regex=r"^[a-z_]+\.[a-z]+$")
            ),
            models.CheckConstraint(
                name="saved_view_has_its_parts",
                condition=Q(query__has_keys=["conditions", "filters", "sort"]),
            ),
            models.CheckConstraint(
                name="saved_view_changed_after_it_was_made",
                condition=Q(changed_at__gte=models.F("created_at")),
            ),
        ]
        indexes = [models.Index(name="saved_views_list", fields=["list_of", "is_shared"])]

    def __str__(self) -> str:
        return self.name
