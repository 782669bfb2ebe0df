from decimal import Decimal

from django.db import models
from django.db.models import Q

from gigstream.core.money import MoneyField
from gigstream.core.states import only_in_test_databases


class SandboxWallet(models.Model):
    """Wallet of the simulated custody service. It holds the transfers to it less the transfers from it; its
    nonce counts the transfers that it has sent."""

    id = models.UUIDField(primary_key=True, editable=False)
    idempotency_key = models.UUIDField(unique=True)
    owner = models.CharField(max_length=100)
    address = models.CharField(max_length=42, unique=True)
    funded = MoneyField(default=Decimal(0), help_text="play money from outside the chain")
    reserved = MoneyField(default=Decimal(0), help_text="sum of all transfers requested from it")
    next_nonce = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "sandbox_wallets"
        constraints = [
            models.CheckConstraint(name="sandbox_wallet_funded_not_negative", condition=Q(funded__gte=0)),
        ]
        triggers = [only_in_test_databases()]

    def __str__(self) -> str:
        return f"sandbox wallet of {self.owner}"


class SandboxTransfer(models.Model):
    """Transfer or contract call in the simulated custody service. Belongs to the sandbox alone: the ledger
    never reads it. Its state is a function of its times, its fate and the clock."""

    id = models.UUIDField(primary_key=True, editable=False)
    idempotency_key = models.UUIDField(unique=True)
    from_wallet = models.ForeignKey(
        SandboxWallet, on_delete=models.PROTECT, related_name="transfers", null=True, blank=True
    )
    nonce = models.PositiveBigIntegerField(null=True, blank=True)
    to_wallet = models.CharField(max_length=42)
    amount = MoneyField()
    call = models.JSONField(default=dict, blank=True, help_text="of a contract: its function and parameters")
    gas_limit = models.PositiveIntegerField(default=65_000)
    max_fee = models.DecimalField(max_digits=27, decimal_places=9, default=Decimal(322), help_text="gwei")
    priority_fee = models.DecimalField(max_digits=27, decimal_places=9, default=Decimal(2), help_text="gwei")
    accepted_at = models.DateTimeField()
    accelerated_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    tx_hash = models.CharField(max_length=66, unique=True)
    block_number = models.PositiveBigIntegerField(help_text="the block that will hold it")
    fate = models.CharField(max_length=20, blank=True, help_text="way in which it goes wrong")
    failure = models.CharField(
        max_length=120, blank=True, help_text="reason for which the chain will refuse it"
    )

    class Meta:
        db_table = "sandbox_transfers"
        constraints = [
            models.CheckConstraint(
                name="sandbox_transfer_amount_positive",
                condition=Q(amount__gt=0) | Q(amount=0) & ~Q(call={}),
            ),
            models.UniqueConstraint(name="sandbox_transfer_nonce_once", fields=["from_wallet", "nonce"]),
        ]
        indexes = [models.Index(name="sandbox_transfers_accepted", fields=["accepted_at", "id"])]
        triggers = [only_in_test_databases()]

    def __str__(self) -> str:
        return f"sandbox transfer {self.pk}"


class SandboxFault(models.Model):
    """Fault that the simulated service is to make: after so many calls of a kind, so many times. The row is
    deleted with the last fault."""

    call = models.CharField(max_length=30, help_text="the provider's method, as in transfer")
    kind = models.CharField(max_length=30)
    about = models.CharField(max_length=100, blank=True, help_text="only calls about this address, id or key")
    after = models.PositiveIntegerField(default=0)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "sandbox_faults"
        constraints = [
            models.CheckConstraint(name="sandbox_fault_strikes", condition=Q(times__gt=0)),
        ]
        triggers = [only_in_test_databases()]

    def __str__(self) -> str:
        return f"{self.kind} at {self.call}"
