"""Database views of payments, as models that are only read."""

from django.db import models

from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.reports import Report
from payments.settlement.transactions.enums import TransactionStatus, TransactionType


class ActiveStream(Report):
    """A stream that vests now. Amounts in USDC, as of the moment of reading."""

    stream = models.OneToOneField(
        "payments.Stream",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    task = models.ForeignKey(
        "platforms.Task", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    task_title = models.CharField(max_length=200)
    worker = models.ForeignKey(
        "workers.Worker", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    worker_name = models.CharField(max_length=120)
    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    platform_name = models.CharField(max_length=120)
    total_amount = MoneyField()
    released_amount = MoneyField()
    remaining_amount = MoneyField(help_text="total less released")
    vested_amount = MoneyField(help_text="earned to the second, never less than released")
    claimable_amount = MoneyField(help_text="vested less released: the amount that a claim would pay now")
    progress_percent = models.DecimalField(max_digits=5, decimal_places=2, help_text="released of the total")
    releases = models.PositiveIntegerField(help_text="number of the last release")
    release_interval = models.PositiveIntegerField(help_text="seconds")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    next_release_at = models.DateTimeField()
    seconds_to_next_release = models.PositiveIntegerField(help_text="rounded up; 0 when it is due")

    class Meta(Report.Meta):
        db_table = "active_streams_view"

    def __str__(self) -> str:
        return f"{self.task_title}: {self.progress_percent} %"


class PlatformPerformance(Report):
    """A platform's work and its cost, from its first day to the moment of reading.

    The paid amount includes releases of open streams and approved milestones of open tasks. Fees are those
    that were taken: on a stream when it ends, on a milestone when it is approved.
    """

    one_for_each = "platform"
    platform = models.OneToOneField(
        "platforms.Platform",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    total_tasks = models.PositiveIntegerField(help_text="tasks posted")
    open_tasks = models.PositiveIntegerField(help_text="assigned, in progress or disputed")
    completed_tasks = models.PositiveIntegerField()
    cancelled_tasks = models.PositiveIntegerField()
    paid_amount = MoneyField(help_text="to workers for tasks, without bonuses")
    bonus_amount = MoneyField(help_text="to workers on top of their tasks' pay")
    quest_amount = MoneyField(help_text="to workers as rewards of quests")
    fee_amount = MoneyField(help_text="to the house, on all of these")
    unique_workers = models.PositiveIntegerField(help_text="ever engaged")
    unique_workers_7_days = models.PositiveIntegerField(help_text="assigned a task in the last 7 days")
    unique_workers_30_days = models.PositiveIntegerField(help_text="assigned a task in the last 30 days")
    average_completion_seconds = models.DecimalField(
        max_digits=15, decimal_places=3, null=True, help_text="from start to completion; NULL without any"
    )

    class Meta(Report.Meta):
        db_table = "platform_performance_view"
        verbose_name_plural = "platform performance"

    def __str__(self) -> str:
        return with_owner("performance", self, "platform")


class DailyTransactionSummary(Report):
    """Transactions of a UTC day, type and status. The status is the present status, so a day's rows still
    change while its payouts are under way. Filter by `day`: each day reads only its own rows."""

    id = models.CharField(primary_key=True, max_length=60, help_text="day:type:status")
    day = models.DateField(help_text="the UTC day of created_at")
    type = models.CharField(max_length=16, choices=TransactionType.choices)
    status = models.CharField(max_length=16, choices=TransactionStatus.choices)
    transactions = models.PositiveIntegerField(help_text="how many")
    total_amount = MoneyField()
    total_fees = MoneyField(help_text="network fees, borne by the house")
    average_amount = MoneyField(help_text="rounded to 6 decimals")

    class Meta(Report.Meta):
        db_table = "daily_transaction_summary"
        verbose_name_plural = "daily transaction summaries"

    def __str__(self) -> str:
        return self.id
