"""Usage events, and what is known of each beside it: its id, and whether it counts."""

from django.db import models
from django.db.models import F, Q

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from platforms.usage.enums import LIKE_KINDS, PAID_KINDS, UsageKind

# The number of an event is that of its batch times this, plus its position there: a batch has fewer events.
NUMBERS_PER_BATCH = 8_192
CONTENT_BYTES = 16


class UsageEvent(models.Model):
    """A use of a work by a listener, as its platform reported it. Never changes; a correction stands beside
    it. The table is partitioned by the month of `occurred_at`."""

    number = models.BigIntegerField(primary_key=True, help_text="unique among all events")
    platform_number = models.BigIntegerField()
    work_number = models.BigIntegerField()
    creator_number = models.BigIntegerField(help_text="whose work it was at that time")
    listener_number = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    amends = models.BigIntegerField(null=True, blank=True, help_text="number of the event that it replaces")
    seconds = models.IntegerField()
    kind = models.SmallIntegerField(choices=UsageKind.choices)
    amount = MoneyField(null=True, blank=True, help_text="of a purchase or tip")
    external_id = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        db_collation="C",
        help_text="the platform's own id; empty for an event that replaces another",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_events"
        constraints = [
            models.CheckConstraint(name="usage_kind_known", condition=Q(kind__in=UsageKind.values)),
            models.CheckConstraint(
                name="usage_amount_of_what_is_paid",
                condition=Q(kind__in=PAID_KINDS, amount__isnull=False, amount__gt=0, amount__lte=LARGEST)
                | Q(~Q(kind__in=PAID_KINDS), amount__isnull=True),
            ),
            models.CheckConstraint(
                name="usage_seconds_of_a_play",
                condition=Q(seconds=0) | Q(kind=UsageKind.PLAY, seconds__gt=0),
            ),
            models.CheckConstraint(
                name="usage_has_an_id_or_replaces",
                condition=Q(external_id__isnull=False, amends__isnull=True)
                | Q(external_id__isnull=True, amends__isnull=False, amends__lt=F("number")),
            ),
            models.CheckConstraint(
                name="usage_likes_are_not_replaced",
                condition=Q(amends__isnull=True) | ~Q(kind__in=LIKE_KINDS),
            ),
        ]

    def __str__(self) -> str:
        return f"{UsageKind(self.kind).word} {self.number}"

    @property
    def batch_number(self) -> int:
        """The number of the batch or correction that brought the event."""
        return self.number // NUMBERS_PER_BATCH

    @property
    def position(self) -> int:
        """The position of the event in its batch, from 0."""
        return self.number % NUMBERS_PER_BATCH


class UsageKey(models.Model):
    """The id of an event, which a platform uses once, with a digest of the content that came under it. The
    table is partitioned by a hash of its key."""

    pk = models.CompositePrimaryKey("platform_number", "external_id")
    platform_number = models.BigIntegerField()
    external_id = models.CharField(max_length=100, db_collation="C")
    event_number = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    content = models.BinaryField(help_text="first half of the SHA-256 of what the event says")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_keys"

    def __str__(self) -> str:
        return f"{self.external_id}: {self.event_number}"


class UsageExclusion(models.Model):
    """An event that does not count: it was voided, replaced, or brought by a correction that was reverted."""

    event_number = models.BigIntegerField(primary_key=True)
    occurred_at = models.DateTimeField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_exclusions"

    def __str__(self) -> str:
        return f"event {self.event_number}"


class WorkLike(models.Model):
    """A work that a listener likes now."""

    pk = models.CompositePrimaryKey("work_number", "listener_number")
    work_number = models.BigIntegerField()
    listener_number = models.BigIntegerField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "work_likes"

    def __str__(self) -> str:
        return f"{self.listener_number} likes {self.work_number}"
