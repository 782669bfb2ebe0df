"""Calls to the provider about transfers, and its notifications."""

from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import status_trigger
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.models import RemoteCall
from payments.settlement.provider.enums import TransferErrorClass
from payments.settlement.transactions.models import Transaction
from payments.settlement.transfers.enums import (
    NOTIFICATION_MOVES,
    AttemptOperation,
    NotificationStatus,
)


class SettlementAttempt(RemoteCall):
    """A call to the provider about a transfer; `number` counts the calls about that transfer."""

    transaction = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    operation = models.CharField(max_length=16, choices=AttemptOperation.choices)
    state = models.CharField(max_length=40, blank=True, help_text="the transfer's, in the provider's word")
    error_class = models.CharField(
        max_length=24, choices=ErrorClass.choices + TransferErrorClass.choices, null=True, blank=True
    )
    gas_price = models.PositiveBigIntegerField(null=True, blank=True, help_text="wei for a unit of gas")
    gas_used = models.PositiveBigIntegerField(null=True, blank=True)
    network_fee = MoneyField(null=True, blank=True, help_text="USDC; the house bears it")
    block_number = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(RemoteCall.Meta):
        db_table = "settlement_attempts"
        constraints = [
            *RemoteCall.Meta.constraints,
            models.UniqueConstraint(name="attempt_once_per_number", fields=["transaction", "number"]),
            models.CheckConstraint(
                name="attempt_operation_known", condition=Q(operation__in=AttemptOperation.values)
            ),
            models.CheckConstraint(
                name="attempt_error_known",
                condition=Q(error_class__isnull=True)
                | Q(error_class__in=ErrorClass.values + TransferErrorClass.values),
            ),
        ]

    def __str__(self) -> str:
        return with_owner(f"{self.operation} {self.number}", self, "transaction")


class ProviderNotification(models.Model):
    """An arrival in the provider's name, kept byte for byte; of a forged arrival only its digest is kept."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=32)
    received_at = models.DateTimeField(db_default=DatabaseNow())
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
