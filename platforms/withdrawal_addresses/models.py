"""Withdrawal addresses of platforms."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet


class WithdrawalAddress(models.Model):
    """An address that a platform has proved to be its own, and the time from which withdrawals go there: the
    newest whose time has come holds. Rows never change; a row that does not hold yet may be deleted."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.CASCADE, related_name="withdrawal_addresses"
    )
    address = models.CharField(max_length=42, help_text="lower case")
    holds_from = models.DateTimeField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "withdrawal_addresses"
        verbose_name_plural = "withdrawal addresses"
        constraints = [
            models.CheckConstraint(
                name="withdrawal_address_lower_case", condition=Q(address=Lower("address")) & ~Q(address="")
            ),
            models.CheckConstraint(
                name="withdrawal_address_holds_from_its_naming",
                condition=Q(holds_from__gte=F("created_at")),
            ),
            models.UniqueConstraint(
                name="withdrawal_address_once_at_a_time", fields=["platform", "holds_from"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} from {self.holds_from:%Y-%m-%d %H:%M}"
