from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value

from gigstream.core.models import Changing, Sha256
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import status_trigger
from loans.applications.enums import BOOKED, LOAN_MOVES, OPEN_LOANS, LoanStatus
from loans.applications.querysets import LoanQuerySet
from loans.policy.calculations.terms import AUTOMATIC_FROM_SCORE, LARGEST_ADVANCE
from platforms.models import Platform
from workers.models import Worker

# The terms of a request stay as they were requested.
TERMS = ("amount", "fee", "fee_bps", "term_days", "terms", "terms_hash", "terms_accepted_at")


class Loan(Changing):
    """An advance on a worker's later earnings. Moves through `LOAN_MOVES`; `amount_repaid` changes only
    together with a repayment entry; its terms are those of the request, to the end."""

    short_number = ShortNumberField("loans")
    reference = reference_field(Value("LO"))
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="loans", db_index=False)
    amount = MoneyField(help_text="paid to the worker")
    fee = MoneyField(default=Decimal(0))
    fee_bps = models.PositiveSmallIntegerField()
    term_days = models.PositiveSmallIntegerField(db_default=30, help_text="from the payment to the due date")
    terms = models.TextField(
        db_default="", blank=True, help_text="word for word; empty for loans older than the texts"
    )
    terms_hash = models.CharField(
        max_length=64, db_default="", blank=True, help_text="SHA-256 of the terms, by which they are accepted"
    )
    terms_accepted_at = models.DateTimeField(null=True, blank=True, help_text="by the worker")
    total_due = models.GeneratedField(
        expression=F("amount") + F("fee"), output_field=MoneyField(), db_persist=True
    )
    amount_repaid = MoneyField(default=Decimal(0))
    amount_written_off = MoneyField(default=Decimal(0))
    status = models.CharField(max_length=16, choices=LoanStatus.choices, default=LoanStatus.PENDING)
    risk_score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0-1000, when decided")
    risk_factors = models.JSONField(default=dict, blank=True)
    predicted_earnings = MoneyField(null=True, blank=True, help_text="next 7 days, when decided")
    automatic_up_to = MoneyField(
        null=True, blank=True, help_text="largest advance that the system could have approved at the request"
    )
    is_automatic = models.BooleanField(default=False, db_default=False, help_text="approved by the system")
    exception_reason = models.TextField(
        blank=True, db_default="", help_text="why staff lent to a worker who was not eligible"
    )
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    disbursed_at = models.DateTimeField(null=True, blank=True)
    repayment_due = models.DateTimeField(null=True, blank=True)
    repaid_at = models.DateTimeField(null=True, blank=True)
    defaulted_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    rejection_reason = models.TextField(blank=True)
    told_platform = models.ForeignKey(
        Platform,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="told_loans",
        help_text="hears how the loan goes on, because the worker said so",
    )
    metadata = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(LoanQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "loans"
        verbose_name = "advance"
        constraints = [
            models.UniqueConstraint(
                name="loan_one_open_per_worker",
                fields=["worker"],
                condition=Q(status__in=sorted(OPEN_LOANS)),
            ),
            models.CheckConstraint(
                name="loan_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="loan_fee_not_negative", condition=Q(fee__gte=0)),
            models.CheckConstraint(name="loan_status_known", condition=Q(status__in=LoanStatus.values)),
            models.CheckConstraint(
                name="loan_repaid_within_due",
                condition=Q(
                    amount_repaid__gte=0,
                    amount_written_off__gte=0,
                    amount_repaid__lte=F("amount") + F("fee") - F("amount_written_off"),
                ),
            ),
            models.CheckConstraint(
                name="loan_repaid_means_nothing_owed",
                condition=~Q(status=LoanStatus.REPAID)
                | Q(
                    repaid_at__isnull=False,
                    amount_repaid=F("amount") + F("fee") - F("amount_written_off"),
                ),
            ),
            models.CheckConstraint(
                name="loan_disbursed_has_times",
                condition=~Q(status__in=sorted(BOOKED))
                | Q(approved_at__isnull=False, disbursed_at__isnull=False, repayment_due__isnull=False),
            ),
            models.CheckConstraint(
                name="loan_terms_have_their_hash",
                condition=Q(terms="", terms_hash="") | Q(terms_hash=Sha256("terms")),
            ),
            models.CheckConstraint(
                name="loan_approved_by_the_system_within_limits",
                condition=Q(is_automatic=False)
                | Q(
                    risk_score__isnull=False,
                    risk_score__gte=AUTOMATIC_FROM_SCORE,
                    automatic_up_to__isnull=False,
                    amount__lte=F("automatic_up_to"),
                    exception_reason="",
                ),
            ),
            models.CheckConstraint(
                name="loan_by_exception_within_the_largest",
                condition=Q(exception_reason="") | Q(amount__lte=LARGEST_ADVANCE),
            ),
            models.CheckConstraint(
                name="loan_risk_score_in_range",
                condition=Q(risk_score__isnull=True) | Q(risk_score__range=(0, 1000)),
            ),
        ]
        indexes = [
            models.Index(name="loans_worker_created", fields=["worker", "created_at"]),
            models.Index(name="loans_status_created", fields=["status", "created_at"]),
            models.Index(name="loans_amount_created", fields=["amount", "created_at"]),
            models.Index(
                name="loans_repayment_due",
                fields=["repayment_due"],
                condition=Q(status__in=sorted(OPEN_LOANS)),
            ),
        ]
        triggers = [
            status_trigger(LOAN_MOVES),
            pgtrigger.Protect(
                name="terms_stay_as_accepted",
                operation=pgtrigger.UpdateOf("worker_id", *TERMS),
                condition=pgtrigger.AnyChange("worker", *TERMS),
            ),
        ]

    def __str__(self) -> str:
        return with_owner(f"advance {self.reference}", self, "worker")

    @property
    def owed(self) -> Decimal:
        """Amount still to be repaid, in USDC."""
        return self.amount + self.fee - self.amount_repaid - self.amount_written_off
