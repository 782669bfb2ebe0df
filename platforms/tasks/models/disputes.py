"""Disputes: disagreements about tasks, which staff resolve."""

from django.db import models
from django.db.models import F, Q, Value

from gigstream.core.clock import DatabaseNow, database_now
from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from platforms.tasks.enums import DisputeOutcome, DisputeSide


class Dispute(Common):
    """A disagreement about a task: filed by each side at most once, and resolved by staff with a split of the
    amount that is still held. Only a decision against the worker counts against them."""

    short_number = ShortNumberField("disputes")
    reference = reference_field(Value("DI"))
    task = models.ForeignKey(
        "platforms.Task", on_delete=models.CASCADE, related_name="disputes", db_index=False
    )
    side = models.CharField(
        max_length=16,
        choices=DisputeSide.choices,
        default=DisputeSide.PLATFORM,
        db_default=DisputeSide.PLATFORM,
        help_text="the side that filed it",
    )
    filed_at = models.DateTimeField(default=database_now, db_default=DatabaseNow())
    severity = models.PositiveSmallIntegerField(help_text="1 (minor) to 5 (grave)")
    reason = models.TextField()
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="when staff were reminded of it")
    alarmed_at = models.DateTimeField(
        null=True, blank=True, help_text="when staff were notified that it is overdue"
    )
    answer = models.TextField(blank=True, db_default="", help_text="of the other side, before it is resolved")
    resolved_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=DisputeOutcome.choices, null=True, blank=True)
    worker_amount = MoneyField(null=True, blank=True, help_text="of the held amount, paid to the worker")
    refund_amount = MoneyField(null=True, blank=True, help_text="of the held amount, refunded")
    resolution = models.TextField(blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "disputes"
        constraints = [
            models.UniqueConstraint(
                name="dispute_one_open_per_task", fields=["task"], condition=Q(resolved_at__isnull=True)
            ),
            models.UniqueConstraint(name="dispute_once_per_side", fields=["task", "side"]),
            models.CheckConstraint(name="dispute_side_known", condition=Q(side__in=DisputeSide.values)),
            models.CheckConstraint(
                name="dispute_outcome_known",
                condition=Q(outcome__isnull=True) | Q(outcome__in=DisputeOutcome.values),
            ),
            models.CheckConstraint(
                name="dispute_resolved_after_it_was_filed",
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("filed_at")),
            ),
            models.CheckConstraint(
                name="dispute_reminder_precedes_alarm",
                condition=Q(alarmed_at__isnull=True)
                | Q(reminded_at__isnull=False, reminded_at__lte=F("alarmed_at")),
            ),
            models.CheckConstraint(name="dispute_severity_1_to_5", condition=Q(severity__range=(1, 5))),
            models.CheckConstraint(name="dispute_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="dispute_resolved_as_a_whole",
                condition=Q(
                    resolved_at__isnull=True,
                    outcome__isnull=True,
                    worker_amount__isnull=True,
                    refund_amount__isnull=True,
                )
                | Q(
                    resolved_at__isnull=False,
                    outcome__isnull=False,
                    worker_amount__isnull=False,
                    worker_amount__gte=0,
                    refund_amount__isnull=False,
                    refund_amount__gte=0,
                ),
            ),
        ]
        indexes = [models.Index(name="disputes_created", fields=["created_at"])]

    def __str__(self) -> str:
        return with_owner(f"dispute {self.reference}", self, "task", joined_by="over")
