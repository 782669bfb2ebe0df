"""Tasks' pay that debits of workers' available money took, and each platform's part in a payout."""

from django.db import models
from django.db.models import F, Q

from gigstream.lib.models import CommonQuerySet
from gigstream.lib.money import LARGEST, MoneyField
from gigstream.lib.states import append_only
from payments.models.ledger import LedgerEntry
from payments.models.transactions import Transaction
from platforms.models import Platform, Task


class CoveredTask(models.Model):
    """How much of one task's pay a debit of its worker's available money took. Never changes: a payout
    that did not leave says so itself."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(editable=False, help_text="of the debit")
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="covered_tasks", db_index=False
    )
    payout = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        related_name="covered_tasks",
        null=True,
        blank=True,
        db_index=False,
        help_text="empty where the money went to repay an advance or was taken by an adjustment",
    )
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="covered_by")
    amount = MoneyField(help_text="what left of the pay, after what was withheld from it")
    pay = MoneyField(help_text="of the pay, before what was withheld from it: what its platform knows of")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "covered_tasks"
        constraints = [
            models.UniqueConstraint(name="covered_task_once_by_an_entry", fields=["entry", "task"]),
            models.CheckConstraint(
                name="covered_task_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="covered_task_pay_is_at_least_what_left",
                condition=Q(pay__gte=F("amount"), pay__lte=LARGEST),
            ),
        ]
        indexes = [
            models.Index(
                name="covered_tasks_of_a_payout",
                fields=["payout", "id"],
                condition=Q(payout__isnull=False),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.amount} of task {self.task_id}"


class PlatformPayout(models.Model):
    """One platform's part in a payout: what the payout took of the pay of its tasks. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(editable=False, help_text="of the payout")
    payout = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="platform_parts", db_index=False
    )
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="payout_parts", db_index=False
    )
    amount = MoneyField(help_text="of the pay of its tasks, before what was withheld from it")
    task_count = models.PositiveIntegerField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "platform_payouts"
        constraints = [
            models.UniqueConstraint(name="platform_payout_once_per_platform", fields=["payout", "platform"]),
            models.CheckConstraint(
                name="platform_payout_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="platform_payout_has_tasks", condition=Q(task_count__gte=1)),
        ]
        indexes = [
            models.Index(name="platform_payouts_created", fields=["platform", "created_at", "payout"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.amount} of payout {self.payout_id}"
