from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.states import append_only
from payments.oracle.models.operations import ChainOperation


class GasSpending(models.Model):
    """Gas that a round of an operation has cost, also where the chain refused it. Never changes."""

    id = models.BigAutoField(primary_key=True)
    operation = models.ForeignKey(
        ChainOperation, on_delete=models.PROTECT, related_name="spendings", db_index=False
    )
    round = models.PositiveIntegerField()
    spent_at = models.DateTimeField()
    provider = models.CharField(max_length=32)
    tx_hash = models.CharField(max_length=66)
    block_number = models.PositiveBigIntegerField(null=True, blank=True)
    gas_used = models.PositiveBigIntegerField(null=True, blank=True)
    gas_price = models.PositiveBigIntegerField(null=True, blank=True, help_text="wei for a unit of gas")
    fee = MoneyField(help_text="USDC")
    saved_gas = models.PositiveBigIntegerField(
        default=0, help_text="that a transaction for each creator would have used beside this one"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "gas_spendings"
        constraints = [
            models.UniqueConstraint(name="gas_spent_once_per_round", fields=["operation", "round"]),
            models.UniqueConstraint(name="gas_spent_once_per_transaction", fields=["provider", "tx_hash"]),
            models.CheckConstraint(name="gas_fee_not_negative", condition=Q(fee__gte=0)),
        ]
        indexes = [models.Index(name="gas_spendings_by_time", fields=["spent_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"round {self.round} of {self.operation_id}"


class GasAlarm(models.Model):
    """A month whose budget for gas was used up: nothing more is written in it, unless two people change the
    limit."""

    month = models.DateField(primary_key=True, help_text="its first day, in UTC")
    raised_at = models.DateTimeField(db_default=DatabaseNow())
    budget = MoneyField(help_text="USDC, then")
    spent = MoneyField(help_text="USDC until then, with what is under way")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "gas_alarms"
        constraints = [
            models.CheckConstraint(name="gas_alarm_of_a_month", condition=Q(month__day=1)),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"gas of {self.month:%Y-%m}"
