"""What happens between our books, the provider and the chain: calls, arrivals, switches, differences."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from gigstream.lib.models import Changing, Common, GuardedQuerySet
from gigstream.lib.money import MoneyField
from gigstream.lib.states import status_trigger
from payments.enums import (
    NOTIFICATION_MOVES,
    OBSERVED_MOVES,
    AttemptOperation,
    BreakBucket,
    BreakerState,
    ErrorClass,
    NotificationStatus,
    ObservedStatus,
    SwitchScope,
)
from payments.models.transactions import Transaction
from platforms.models import Platform


class SettlementAttempt(models.Model):
    """One call to the provider for one transfer. Written before the call and ended after it: one that is
    still open when its lease is over is of unknown outcome. Never changes once ended."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    number = models.PositiveIntegerField(help_text="1, 2, … of this transfer's calls")
    provider = models.CharField(max_length=32)
    operation = models.CharField(max_length=16, choices=AttemptOperation.choices)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=40, blank=True, help_text="the transfer's, in the provider's word")
    error_class = models.CharField(max_length=24, choices=ErrorClass.choices, null=True, blank=True)
    error_message = models.TextField(blank=True)
    gas_price = models.PositiveBigIntegerField(null=True, blank=True, help_text="wei for a unit of gas")
    gas_used = models.PositiveBigIntegerField(null=True, blank=True)
    network_fee = MoneyField(null=True, blank=True, help_text="USDC; the house bears it")
    block_number = models.PositiveBigIntegerField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True, help_text="as received, without secrets")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "settlement_attempts"
        constraints = [
            models.UniqueConstraint(name="attempt_once_per_number", fields=["transaction", "number"]),
            models.CheckConstraint(name="attempt_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="attempt_operation_known", condition=Q(operation__in=AttemptOperation.values)
            ),
            models.CheckConstraint(
                name="attempt_error_known",
                condition=Q(error_class__isnull=True) | Q(error_class__in=ErrorClass.values),
            ),
            models.CheckConstraint(
                name="attempt_ended_has_its_time",
                condition=Q(ended_at__isnull=True, milliseconds__isnull=True, error_class__isnull=True)
                | Q(ended_at__isnull=False, milliseconds__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="attempts_started", fields=["started_at"]),
            models.Index(name="attempts_open", fields=["started_at"], condition=Q(ended_at__isnull=True)),
            models.Index(
                name="attempts_of_unknown_outcome",
                fields=["started_at"],
                condition=Q(error_class=ErrorClass.UNKNOWN_OUTCOME),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_changes_once_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.number} of {self.transaction_id}"


class ProviderBreaker(models.Model):
    """Whether the provider is called at all. One row for all processes: open means that transfers wait."""

    provider = models.CharField(primary_key=True, max_length=32)
    state = models.CharField(max_length=16, choices=BreakerState.choices, default=BreakerState.CLOSED)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="when one call may try again")
    open_seconds = models.PositiveIntegerField(default=0, help_text="how long it opened for last")
    updated_at = models.DateTimeField(auto_now=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "provider_breakers"
        constraints = [
            models.CheckConstraint(name="breaker_state_known", condition=Q(state__in=BreakerState.values)),
            models.CheckConstraint(
                name="breaker_open_has_its_times",
                condition=Q(
                    state=BreakerState.CLOSED, opened_at__isnull=True, retry_at__isnull=True, open_seconds=0
                )
                | Q(
                    ~Q(state=BreakerState.CLOSED),
                    opened_at__isnull=False,
                    retry_at__isnull=False,
                    open_seconds__gt=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.state}"


class ProviderNotification(models.Model):
    """An arrival in the provider's name: byte for byte, but of a forged one only its digest."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=32)
    received_at = models.DateTimeField(db_default=Now())
    body = models.BinaryField(help_text="empty when it was forged")
    digest = models.CharField(
        max_length=64, default="", help_text="SHA-256 of the body, in hexadecimal digits"
    )
    key_id = models.CharField(max_length=64, blank=True)
    signature = models.TextField(blank=True)
    status = models.CharField(
        max_length=16, choices=NotificationStatus.choices, default=NotificationStatus.RECEIVED
    )
    notification_id = models.CharField(max_length=64, null=True, blank=True, help_text="the provider's")
    transfer_id = models.CharField(
        max_length=64, blank=True, help_text="the transfer that it is about, at the provider"
    )
    state = models.CharField(max_length=40, blank=True, help_text="that it reports; we re-read it")
    applied_at = models.DateTimeField(null=True, blank=True, help_text="the transfer was re-read then")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "provider_notifications"
        constraints = [
            models.UniqueConstraint(
                name="notification_believed_once",
                fields=["provider", "notification_id"],
                condition=Q(status__in=[NotificationStatus.GENUINE, NotificationStatus.APPLIED]),
            ),
            models.CheckConstraint(
                name="notification_status_known", condition=Q(status__in=NotificationStatus.values)
            ),
            models.CheckConstraint(
                name="notification_forged_keeps_no_body",
                condition=~Q(status=NotificationStatus.FORGED) | Q(body=b""),
            ),
            models.CheckConstraint(
                name="notification_believed_has_its_id",
                condition=~Q(status__in=[NotificationStatus.GENUINE, NotificationStatus.APPLIED])
                | Q(notification_id__isnull=False),
            ),
            models.CheckConstraint(
                name="notification_applied_has_its_time",
                condition=Q(status=NotificationStatus.APPLIED, applied_at__isnull=False)
                | Q(~Q(status=NotificationStatus.APPLIED), applied_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="notifications_received", fields=["received_at"]),
            models.Index(
                name="notifications_not_believed",
                fields=["status", "digest"],
                condition=Q(status__in=[NotificationStatus.RECEIVED, NotificationStatus.FORGED]),
            ),
            models.Index(
                name="notifications_to_apply",
                fields=["received_at"],
                condition=Q(status=NotificationStatus.GENUINE),
                include=["transfer_id"],
            ),
            models.Index(
                name="notifications_of_transfer", fields=["transfer_id"], condition=~Q(transfer_id="")
            ),
        ]
        triggers = [status_trigger(NOTIFICATION_MOVES)]

    def __str__(self) -> str:
        return f"notification {self.pk}"


class PaymentSwitch(Common):
    """Payouts are stopped, all of them or one platform's or one provider's, until staff turn them on again.
    One row for each time."""

    scope = models.CharField(max_length=16, choices=SwitchScope.choices)
    subject = models.CharField(
        max_length=64, blank=True, help_text="the platform's id or the provider's name; empty for all payouts"
    )
    reason = models.TextField()
    off_by = models.CharField(max_length=64)
    on_at = models.DateTimeField(null=True, blank=True)
    on_by = models.CharField(max_length=64, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "payment_switches"
        verbose_name_plural = "payment switches"
        constraints = [
            models.UniqueConstraint(
                name="switch_off_once", fields=["scope", "subject"], condition=Q(on_at__isnull=True)
            ),
            models.CheckConstraint(name="switch_scope_known", condition=Q(scope__in=SwitchScope.values)),
            models.CheckConstraint(
                name="switch_names_its_subject",
                condition=Q(scope=SwitchScope.PAYOUTS, subject="")
                | (~Q(scope=SwitchScope.PAYOUTS) & ~Q(subject="")),
            ),
            models.CheckConstraint(name="switch_has_a_reason", condition=~Q(reason="") & ~Q(off_by="")),
            models.CheckConstraint(
                name="switch_on_names_who",
                condition=Q(on_at__isnull=True, on_by="") | (Q(on_at__isnull=False) & ~Q(on_by="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject}".strip()


class Reconciliation(models.Model):
    """One comparison of ledger, provider and chain, and what it counted in each bucket."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    since = models.DateTimeField(help_text="transfers made since then were compared")
    matched = models.PositiveIntegerField()
    breaks = models.JSONField(help_text="how many are open, by bucket")
    treasury = models.JSONField(
        null=True, blank=True, help_text="USDC: what our wallets hold, and what the ledger says they should"
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


class ReconciliationBreak(Changing):
    """One difference between ledger, provider and chain; open until it is gone or staff have explained it.
    Who looks into it has claimed it."""

    bucket = models.CharField(max_length=16, choices=BreakBucket.choices)
    subject = models.CharField(max_length=160, help_text="our key, or the provider's id when we have none")
    transaction = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="breaks", null=True, blank=True
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
        db_table = "reconciliation_breaks"
        constraints = [
            models.UniqueConstraint(
                name="break_open_once", fields=["bucket", "subject"], condition=Q(resolved_at__isnull=True)
            ),
            models.CheckConstraint(name="break_bucket_known", condition=Q(bucket__in=BreakBucket.values)),
        ]
        indexes = [
            models.Index(name="breaks_open", fields=["created_at"], condition=Q(resolved_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.subject}"


class ChainCursor(models.Model):
    """How far a token's transfers have been read on chain."""

    token = models.CharField(primary_key=True, max_length=42, help_text="address of the token's contract")
    block_number = models.PositiveBigIntegerField(help_text="read to its end")
    block_hash = models.CharField(max_length=66, help_text="tells whether the chain was reorganised since")
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
    """One USDC transfer to a wallet of ours, as a log on chain. Credited once, when it is deep enough; what
    is no platform's deposit is kept for staff."""

    id = models.BigAutoField(primary_key=True)
    tx_hash = models.CharField(max_length=66)
    log_index = models.PositiveIntegerField()
    block_number = models.PositiveBigIntegerField()
    block_hash = models.CharField(max_length=66)
    from_wallet = models.CharField(max_length=42)
    to_wallet = models.CharField(max_length=42)
    amount = MoneyField()
    seen_at = models.DateTimeField(db_default=Now())
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
        help_text="the deposit; one for all logs to a platform in one chain transaction",
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
