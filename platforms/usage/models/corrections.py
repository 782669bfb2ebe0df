"""Corrections of usage: their reasons, and the events that they concerned."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Common, GuardedQuerySet, is_readable
from gigstream.core.states import append_only
from platforms.platforms.models import Platform
from platforms.usage.enums import CorrectionKind
from platforms.usage.models.receipts import UsageReceipt


class UsageCorrection(Common):
    """A correction that a platform has declared: events amended, voided or added late, or an earlier
    correction reverted. The events themselves never change. Never changes."""

    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="usage_corrections", db_index=False
    )
    kind = models.CharField(max_length=16, choices=CorrectionKind.choices)
    reason = models.CharField(max_length=500)
    events = models.PositiveIntegerField(help_text="events that it concerned")
    differences = models.JSONField(help_text="what changed, by creator and day")
    listeners_final_on = ArrayField(
        models.DateField(),
        default=list,
        blank=True,
        help_text="of its days, those whose number of different listeners is final and stays as it was",
    )
    reverts = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="reverting", null=True, blank=True, db_index=False
    )
    receipt = models.OneToOneField(UsageReceipt, on_delete=models.PROTECT, related_name="correction")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_corrections"
        constraints = [
            models.UniqueConstraint(
                name="correction_reverted_once", fields=["reverts"], condition=Q(reverts__isnull=False)
            ),
            models.CheckConstraint(name="correction_kind_known", condition=Q(kind__in=CorrectionKind.values)),
            models.CheckConstraint(name="correction_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="correction_reason_readable", condition=is_readable("reason")),
            models.CheckConstraint(name="correction_concerns_events", condition=Q(events__gt=0)),
            models.CheckConstraint(
                name="correction_reverts_another",
                condition=Q(kind=CorrectionKind.REVERT, reverts__isnull=False) & ~Q(reverts=F("id"))
                | ~Q(kind=CorrectionKind.REVERT) & Q(reverts__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="corrections_of_platform", fields=["platform", "-created_at", "-id"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind} of {self.events} events"


class CorrectedEvent(models.Model):
    """An event that a correction concerns: voided, replaced by another, or added. Never changes."""

    id = models.BigAutoField(primary_key=True)
    correction = models.ForeignKey(
        UsageCorrection, on_delete=models.PROTECT, related_name="concerned", db_index=False
    )
    event_number = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    replacement_number = models.BigIntegerField(null=True, blank=True)
    replaced_at = models.DateTimeField(
        null=True, blank=True, help_text="time at which the replacement occurred"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_corrected_events"
        constraints = [
            models.UniqueConstraint(name="corrected_once_by_each", fields=["correction", "event_number"]),
            models.CheckConstraint(
                name="corrected_replacement_has_its_time",
                condition=Q(replacement_number__isnull=True, replaced_at__isnull=True)
                | Q(replacement_number__isnull=False, replaced_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="corrected_events_by_number", fields=["event_number"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"event {self.event_number}"
