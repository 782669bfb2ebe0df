import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Changing, GuardedQuerySet, RowNumberField, is_readable
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.parts import parts_index
from gigstream.core.states import append_only
from platforms.catalogue.enums import WorkKind
from platforms.catalogue.models.creators import CreatorProfile
from platforms.catalogue.querysets import WorkQuerySet
from platforms.platforms.models import Platform


def _is_price_or_empty(column: str) -> Q:
    """Return the condition that a column has no amount, or one above 0."""
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gt": 0, f"{column}__lte": LARGEST})


class Work(Changing):
    """A work in a platform's catalogue. Its use counts for the creator that it has at that time."""

    number = RowNumberField()
    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="works", db_index=False)
    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="works", db_index=False
    )
    external_id = models.CharField(max_length=120, help_text="the platform's own id")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=WorkKind.choices)
    content_id = models.CharField(
        max_length=200, blank=True, default="", help_text="of the content, as a CID"
    )
    price = MoneyField(null=True, blank=True, help_text="in USDC; empty: the work is free")
    rate = MoneyField(
        null=True,
        blank=True,
        help_text="USDC per play, as it was set last; empty: plays are not paid. It holds from the next day",
    )
    published_on = models.DateField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(WorkQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "works"
        constraints = [
            models.UniqueConstraint(
                name="work_external_id_once_per_platform", fields=["platform", "external_id"]
            ),
            models.CheckConstraint(name="work_has_an_external_id", condition=~Q(external_id="")),
            models.CheckConstraint(name="work_title_readable", condition=is_readable("title")),
            models.CheckConstraint(name="work_kind_known", condition=Q(kind__in=WorkKind.values)),
            models.CheckConstraint(name="work_price_positive", condition=_is_price_or_empty("price")),
            models.CheckConstraint(name="work_rate_positive", condition=_is_price_or_empty("rate")),
        ]
        indexes = [
            models.Index(name="works_of_platform", fields=["platform", "-created_at", "-id"]),
            models.Index(name="works_of_creator", fields=["creator", "-created_at", "-id"]),
            parts_index("works_by_parts_of_title", "title"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="stays_with_its_platform",
                operation=pgtrigger.UpdateOf("platform_id", "external_id"),
                condition=pgtrigger.AnyChange("platform", "external_id"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class WorkRate(models.Model):
    """A rate of a work, from a UTC day on. On each day the newest of those holds whose day has come."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="rates", db_index=False)
    rate = MoneyField(null=True, blank=True, help_text="USDC per play; empty: plays are not paid")
    valid_from = models.DateField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "work_rates"
        constraints = [
            models.CheckConstraint(name="work_rate_of_a_day_positive", condition=_is_price_or_empty("rate")),
        ]
        indexes = [models.Index(name="work_rates_by_day", fields=["work", "-valid_from", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.rate} from {self.valid_from}"


class WorkMove(models.Model):
    """A move of a work from a creator to another. Use before it counts for the first, from then on for the
    second."""

    id = models.BigAutoField(primary_key=True)
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="moves", db_index=False)
    from_creator = models.ForeignKey(CreatorProfile, on_delete=models.PROTECT, related_name="works_given")
    to_creator = models.ForeignKey(CreatorProfile, on_delete=models.PROTECT, related_name="works_taken")
    moved_at = models.DateTimeField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "work_moves"
        constraints = [
            models.UniqueConstraint(name="work_moved_once_at_a_time", fields=["work", "moved_at"]),
            models.CheckConstraint(
                name="work_moved_to_another_creator", condition=~Q(from_creator=F("to_creator"))
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return with_owner(f"move at {self.moved_at:%Y-%m-%d %H:%M}", self, "work")
