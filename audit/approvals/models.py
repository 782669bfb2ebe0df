import pgtrigger
from django.db import models
from django.db.models import F, Q, Value

from audit.approvals.enums import ApprovalDecision
from gigstream.core.clock import DatabaseNow
from gigstream.core.ids import new_id
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field

# Columns of the request and of the decision.
REQUESTED = (
    "kind",
    "subject_type",
    "subject_id",
    "parameters",
    "amount",
    "payload_hash",
    "act_key",
    "reason",
    "requested_by",
    "requested_at",
    "expires_at",
)


DECIDED = (
    "decision",
    "decided_by",
    "decided_at",
    "decision_reason",
    "executed_at",
    "outcome",
    "error",
)


class Approval(models.Model):
    """An action that a member of staff requested: it is executed in the transaction in which another
    approves it. Neither the request nor the decision ever changes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    short_number = ShortNumberField("approvals")
    reference = reference_field(Value("AP"))
    kind = models.CharField(max_length=64, help_text="of the actions that the apps have registered")
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict, blank=True)
    amount = MoneyField(null=True, blank=True, help_text="the money concerned, if any")
    payload_hash = models.CharField(max_length=64, help_text="SHA-256 of the action and its reason")
    act_key = models.CharField(
        max_length=128,
        blank=True,
        help_text="differs for different actions of a kind on a subject",
    )
    reason = models.TextField()
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    expires_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=ApprovalDecision.choices, null=True, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=dict, blank=True, help_text="the rows that were made, by name")
    error = models.TextField(blank=True, help_text="the refusal of an approved action")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "approvals"
        constraints = [
            models.CheckConstraint(
                name="approval_by_two_people",
                condition=Q(decision__isnull=True)
                | Q(decision=ApprovalDecision.WITHDRAWN, decided_by=F("requested_by"))
                | (~Q(decision=ApprovalDecision.WITHDRAWN) & ~Q(decided_by=F("requested_by"))),
            ),
            models.CheckConstraint(
                name="approval_decided_names_who_and_when",
                condition=Q(decision__isnull=True, decided_by="", decided_at__isnull=True)
                | (
                    Q(decision__isnull=False, decision__in=ApprovalDecision.values, decided_at__isnull=False)
                    & ~Q(decided_by="")
                ),
            ),
            models.CheckConstraint(
                name="approval_in_time",
                condition=Q(decision__isnull=True)
                | Q(decision=ApprovalDecision.EXPIRED, decided_at__gte=F("expires_at"))
                | (~Q(decision=ApprovalDecision.EXPIRED) & Q(decided_at__lt=F("expires_at"))),
            ),
            models.CheckConstraint(
                name="approval_approved_is_done_or_failed",
                condition=Q(decision__isnull=True, executed_at__isnull=True, error="")
                | (
                    Q(decision__isnull=False)
                    & (
                        Q(decision=ApprovalDecision.APPROVED, executed_at__isnull=False, error="")
                        | (Q(decision=ApprovalDecision.APPROVED, executed_at__isnull=True) & ~Q(error=""))
                        | (~Q(decision=ApprovalDecision.APPROVED) & Q(executed_at__isnull=True, error=""))
                    )
                ),
            ),
            models.CheckConstraint(
                name="approval_says_why",
                condition=~Q(reason="")
                & ~Q(requested_by="")
                & (Q(decision__isnull=True) | ~Q(decision=ApprovalDecision.REFUSED) | ~Q(decision_reason="")),
            ),
            models.CheckConstraint(
                name="approval_amount_in_range",
                condition=Q(amount__isnull=True) | Q(amount__gte=0, amount__lte=LARGEST),
            ),
            models.UniqueConstraint(
                name="approval_requested_once",
                fields=["kind", "subject_type", "subject_id", "act_key"],
                condition=Q(decision__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="approvals_subject", fields=["subject_type", "subject_id", "requested_at"]),
            models.Index(name="approvals_requested", fields=["requested_at"]),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="request_stays",
                operation=pgtrigger.UpdateOf(*REQUESTED),
                condition=pgtrigger.AnyChange(*REQUESTED),
            ),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.UpdateOf(*DECIDED),
                condition=pgtrigger.Q(old__decision__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"approval {self.reference}"
