from django.db import models
from django.db.models import Q

from gigstream.core.money import MoneyField
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.models import RemoteCall
from payments.oracle.enums import ChainCall
from payments.oracle.models.operations import ChainOperation
from payments.settlement.provider.enums import TransferErrorClass

ERRORS = ErrorClass.choices + TransferErrorClass.choices


class ChainAttempt(RemoteCall):
    """A call to the provider or the chain about an operation; `number` counts the calls about it."""

    chain_operation = models.ForeignKey(
        ChainOperation, on_delete=models.CASCADE, related_name="attempts", db_index=False
    )
    operation = models.CharField(max_length=16, choices=ChainCall.choices)
    error_class = models.CharField(max_length=24, choices=ERRORS, null=True, blank=True)
    round = models.PositiveIntegerField(default=1)
    transfer_id = models.CharField(max_length=64, blank=True, default="", help_text="at the provider")
    state = models.CharField(max_length=40, blank=True, help_text="in the provider's word")
    tx_hash = models.CharField(max_length=66, blank=True, default="")
    nonce = models.PositiveBigIntegerField(null=True, blank=True)
    gas_price = models.PositiveBigIntegerField(null=True, blank=True, help_text="wei for a unit of gas")
    gas_used = models.PositiveBigIntegerField(null=True, blank=True)
    network_fee = MoneyField(null=True, blank=True, help_text="USDC")
    block_number = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(RemoteCall.Meta):
        db_table = "chain_attempts"
        constraints = [
            *RemoteCall.Meta.constraints,
            models.UniqueConstraint(
                name="chain_attempt_once_per_number", fields=["chain_operation", "number"]
            ),
            models.CheckConstraint(
                name="chain_attempt_operation_known", condition=Q(operation__in=ChainCall.values)
            ),
            models.CheckConstraint(
                name="chain_attempt_error_known",
                condition=Q(error_class__isnull=True) | Q(error_class__in=[value for value, _ in ERRORS]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.number} of {self.chain_operation_id}"
