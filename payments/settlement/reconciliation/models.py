from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Changing, GuardedQuerySet
from payments.settlement.reconciliation.enums import DiscrepancyBucket
from payments.settlement.transactions.models import Transaction


class Reconciliation(models.Model):
    """Comparison of ledger, provider and chain, with the discrepancies that it counted in each bucket."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    since = models.DateTimeField(help_text="transfers made since then were compared")
    matched = models.PositiveIntegerField()
    discrepancies = models.JSONField(help_text="number found, by bucket")
    treasury = models.JSONField(
        null=True,
        blank=True,
        help_text="USDC: the holdings of our wallets, and those that the ledger expects",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "reconciliations"
        constraints = [
            models.CheckConstraint(
                name="reconciliation_ends_after_it_began",
                condition=Q(since__lte=F("started_at"), started_at__lte=F("ended_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"reconciliation of {self.started_at:%Y-%m-%d %H:%M}"


class Discrepancy(Changing):
    """Difference between ledger, provider and chain; open until it is gone or staff have explained it. The
    member of staff who looks into it has claimed it."""

    bucket = models.CharField(max_length=16, choices=DiscrepancyBucket.choices)
    subject = models.CharField(
        max_length=160, help_text="our key, or the provider's id for a transfer without a key here"
    )
    transaction = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="discrepancies", null=True, blank=True
    )
    ours = models.JSONField(null=True, blank=True)
    theirs = models.JSONField(null=True, blank=True)
    chain = models.JSONField(null=True, blank=True)
    last_seen_at = models.DateTimeField()
    note = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "discrepancies"
        constraints = [
            models.UniqueConstraint(
                name="discrepancy_open_once",
                fields=["bucket", "subject"],
                condition=Q(resolved_at__isnull=True),
            ),
            models.CheckConstraint(
                name="discrepancy_bucket_known", condition=Q(bucket__in=DiscrepancyBucket.values)
            ),
        ]
        indexes = [
            models.Index(
                name="discrepancies_open", fields=["created_at"], condition=Q(resolved_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.subject}"
