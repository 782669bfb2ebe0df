from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.states import status_trigger
from payments.settlement.deposits.enums import OBSERVED_MOVES, ObservedStatus
from payments.settlement.transactions.models import Transaction
from platforms.models import Platform


class ChainCursor(models.Model):
    """Position up to which a token's transfers have been read on the chain."""

    token = models.CharField(primary_key=True, max_length=42, help_text="address of the token's contract")
    block_number = models.PositiveBigIntegerField(help_text="read to its end")
    block_hash = models.CharField(max_length=66, help_text="shows whether the chain was reorganised since")
    updated_at = models.DateTimeField(auto_now=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "chain_cursors"
        constraints = [
            models.CheckConstraint(name="cursor_token_lower_case", condition=Q(token=Lower("token"))),
        ]

    def __str__(self) -> str:
        return f"{self.token} at {self.block_number}"


class ObservedTransfer(models.Model):
    """USDC transfer to a wallet of ours, as a log on the chain. Credited once, when it is deep enough; a
    transfer that is no platform's deposit is kept for staff."""

    id = models.BigAutoField(primary_key=True)
    tx_hash = models.CharField(max_length=66)
    log_index = models.PositiveIntegerField()
    block_number = models.PositiveBigIntegerField()
    block_hash = models.CharField(max_length=66)
    from_wallet = models.CharField(max_length=42)
    to_wallet = models.CharField(max_length=42)
    amount = MoneyField()
    seen_at = models.DateTimeField(db_default=DatabaseNow())
    status = models.CharField(max_length=16, choices=ObservedStatus.choices, default=ObservedStatus.SEEN)
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="observed_transfers", null=True, blank=True
    )
    transaction = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        related_name="observed",
        null=True,
        blank=True,
        help_text="the deposit; the same for all logs to a platform in a chain transaction",
    )
    note = models.TextField(blank=True, help_text="why it was not credited by itself")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "observed_transfers"
        constraints = [
            models.UniqueConstraint(name="observed_once_per_log", fields=["tx_hash", "log_index"]),
            models.CheckConstraint(name="observed_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="observed_status_known", condition=Q(status__in=ObservedStatus.values)
            ),
            models.CheckConstraint(
                name="observed_credited_has_its_deposit",
                condition=Q(status=ObservedStatus.CREDITED, transaction__isnull=False, platform__isnull=False)
                | Q(~Q(status=ObservedStatus.CREDITED), transaction__isnull=True),
            ),
            models.CheckConstraint(name="observed_hash_lower_case", condition=Q(tx_hash=Lower("tx_hash"))),
            models.CheckConstraint(
                name="observed_wallets_lower_case",
                condition=Q(from_wallet=Lower("from_wallet"), to_wallet=Lower("to_wallet")),
            ),
        ]
        indexes = [
            models.Index(
                name="observed_to_credit",
                fields=["block_number"],
                condition=Q(status=ObservedStatus.SEEN),
            ),
        ]
        triggers = [status_trigger(OBSERVED_MOVES)]

    def __str__(self) -> str:
        return f"{self.tx_hash}:{self.log_index}"
