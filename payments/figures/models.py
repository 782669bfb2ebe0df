from django.db import models

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from payments.settlement.transactions.enums import TransactionStatus, TransactionType


class TransactionDay(models.Model):
    """Sums of a closed UTC day, by type and status: no transaction of that day can change any more. Derived:
    written only by `close_transaction_days`; a day without rows here is summed up when it is read."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(help_text="the UTC day of created_at")
    type = models.CharField(max_length=16, choices=TransactionType.choices)
    status = models.CharField(max_length=16, choices=TransactionStatus.choices)
    transactions = models.PositiveIntegerField()
    total_amount = MoneyField()
    total_fees = MoneyField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "transaction_days"
        constraints = [
            models.UniqueConstraint(name="transaction_day_once", fields=["day", "type", "status"]),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.status} {self.type}"
