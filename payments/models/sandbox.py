from django.db import models
from django.db.models import Q

from gigstream.lib.money import MoneyField


class SandboxTransfer(models.Model):
    """One transfer in the simulated custody service. Belongs to the sandbox alone: the ledger never reads it.
    Its state is a function of its times and the clock."""

    id = models.UUIDField(primary_key=True, editable=False)
    idempotency_key = models.UUIDField(unique=True)
    to_wallet = models.CharField(max_length=42)
    amount = MoneyField()
    accepted_at = models.DateTimeField()
    tx_hash = models.CharField(max_length=66, unique=True)
    block_number = models.PositiveBigIntegerField(help_text="the block that will hold it")
    failure = models.CharField(max_length=120, blank=True, help_text="why the chain will refuse it")

    class Meta:
        db_table = "sandbox_transfers"
        constraints = [
            models.CheckConstraint(name="sandbox_transfer_amount_positive", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"sandbox transfer {self.pk}"
