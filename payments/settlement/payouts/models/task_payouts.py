"""Pay of tasks that debits of workers' available money took, and each platform's part in a payout."""

from django.db import models
from django.db.models import F, Q

from gigstream.core.models import CommonQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import append_only
from payments.ledger.models import LedgerEntry
from payments.settlement.transactions.models import Transaction
from platforms.models import Platform, Task


class CoveredTask(models.Model):
    """Amount of a task's pay that a debit of its worker's available money took. Never changes: the status of
    the payout says whether it left."""

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
    amount = MoneyField(help_text="of the pay, after deductions")
    pay = MoneyField(help_text="of the pay, before deductions, which its platform does not know of")

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
        return with_owner(f"{self.amount}", self, "task")


class PlatformPayout(models.Model):
    """A platform's part in a payout: the pay of its tasks that the payout took. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(editable=False, help_text="of the payout")
    payout = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="platform_parts", db_index=False
    )
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="payout_parts", db_index=False
    )
    amount = MoneyField(help_text="of the pay of its tasks, before deductions")
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
        return with_owner(f"{self.amount}", self, "payout")
