"""Views of advances and workers, as models that are only read."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models

from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.reports import Report
from loans.applications.enums import LoanStatus

# The factors of the risk score, in the order of domain.md, section 7.
POINTS = (
    "reputation_points",
    "age_points",
    "task_points",
    "performance_points",
    "dispute_points",
    "loan_points",
    "earnings_points",
)


def _percent_field(help_text: str) -> models.DecimalField:
    return models.DecimalField(max_digits=5, decimal_places=2, help_text=help_text)


def _points_field(help_text: str) -> models.DecimalField:
    return models.DecimalField(max_digits=6, decimal_places=2, help_text=help_text)


class WorkerEarnings(Report):
    """A worker's work, pay and debts, from their first day to the moment of reading. Amounts in USDC.

    `earned_amount` equals the ledger's releases, earnings and rewards for this worker. A task without a due
    date cannot be late. Rates are percent, and 0 while there is nothing to take them of.
    """

    one_for_each = "worker"
    worker = models.OneToOneField(
        "workers.Worker", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    total_tasks = models.PositiveIntegerField(help_text="ever assigned")
    completed_tasks = models.PositiveIntegerField()
    active_tasks = models.PositiveIntegerField(help_text="assigned, in progress or disputed")
    earned_amount = MoneyField(help_text="all pay and rewards, before repayments")
    released_amount = MoneyField(help_text="the part of it that streams have released")
    pending_amount = MoneyField(help_text="what open tasks still hold for the worker")
    payout_amount = MoneyField(help_text="confirmed payouts")
    advance_amount = MoneyField(help_text="confirmed transfers of advances")
    repayment_amount = MoneyField(help_text="repaid of advances")
    reward_amount = MoneyField(help_text="bonuses, and rewards by the house, without those of quests")
    quest_amount = MoneyField(help_text="rewards of quests")
    in_transit_amount = MoneyField(help_text="payouts and advances under way")
    available_amount = MoneyField(help_text="can be paid out now")
    open_loans = models.PositiveIntegerField(help_text="0 or 1")
    owed_amount = MoneyField(help_text="of advances that were paid out, defaulted ones included")
    completion_rate = _percent_field(
        "completed of the completed tasks and those that ended by the worker's fault"
    )
    average_rating = models.DecimalField(
        max_digits=3, decimal_places=2, null=True, help_text="of the worker, 1 to 5; NULL without ratings"
    )
    on_time_rate = _percent_field("completed tasks that were not late, of all completed")

    class Meta(Report.Meta):
        db_table = "worker_earnings_view"
        verbose_name_plural = "worker earnings"

    def __str__(self) -> str:
        return with_owner("earnings", self, "worker")


class WorkerRiskAssessment(Report):
    """A worker's risk score, 0 to 1000, its seven factors and whether they may take an advance now.

    All of it is computed at the moment of reading: nothing depends on when the last nightly run was. A task
    ended in the last 30 days when its completion or cancellation lies in them; with none, the rate of 30 days
    is 0. Tasks that a platform cancelled or that are disputed are in no rate of completion. Only disputes
    decided against the worker count. A loan that defaulted was not repaid on time. The earnings of a week are
    the ledger's entries of pay for work. The score is the sum of the points, rounded, within its bounds.
    `reasons` is empty exactly when the worker is eligible; besides the rules of the score and the history it
    names a suspended or deleted account, a defaulted loan that is still owed and a loan that the house bore.
    """

    one_for_each = "worker"
    worker = models.OneToOneField(
        "workers.Worker", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    reputation_score = models.PositiveSmallIntegerField()
    account_age_days = models.PositiveIntegerField(help_text="UTC days since the account was opened")
    completed_tasks = models.PositiveIntegerField()
    counted_tasks = models.PositiveIntegerField(
        help_text="completed tasks of at least 1 USDC, of one platform at most 40 % of them all"
    )
    completion_rate = _percent_field(
        "completed of the completed tasks and those that ended by the worker's fault, ever"
    )
    completed_tasks_30_days = models.PositiveIntegerField()
    completion_rate_30_days = _percent_field("the same of the tasks that ended in the last 30 days")
    earned_30_days = MoneyField()
    on_time_rate = _percent_field("completed tasks that were not late, of all completed")
    average_rating = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    counted_rating = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        help_text="the average, with 40 % of the weight for one platform at most and 3 for the rest",
    )
    disputes = models.PositiveIntegerField(help_text="decided against the worker")
    weeks_with_earnings = models.PositiveSmallIntegerField(help_text="of the last 8, counted back from now")
    earnings_variation = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        help_text="standard deviation over mean of the last 8 weeks' earnings; NULL without any",
    )
    loans = models.PositiveIntegerField(help_text="advances that were paid out")
    open_loans = models.PositiveIntegerField(help_text="0 or 1, requests included")
    repaid_loans = models.PositiveIntegerField()
    repaid_on_time_loans = models.PositiveIntegerField()
    defaulted_loans = models.PositiveIntegerField(help_text="ever, those repaid later included")
    owed_amount = MoneyField()
    written_off_amount = MoneyField(help_text="of earlier loans, borne by the house")
    reputation_points = _points_field("score / 1000 x 300")
    age_points = _points_field("days, at most 90, / 90 x 150")
    task_points = _points_field("counted tasks, at most 50, / 50 x 250")
    performance_points = _points_field(
        "(0.4 completion rate of 30 days + 0.4 on-time rate + 0.2 counted rating / 5) x 200"
    )
    dispute_points = _points_field("100 less 20 for each lost dispute, not below 0")
    loan_points = _points_field(
        "+50 when all loans that ended were repaid on time, -50 when less than 80 % were, else 0"
    )
    earnings_points = _points_field(
        "+30 steady (variation below 0.5), -30 volatile (above 1.0), else 0, as with less than 4 weeks"
    )
    score = models.PositiveSmallIntegerField()
    eligible = models.BooleanField()
    reasons = ArrayField(models.TextField(), help_text="reasons against an advance, with the numbers")

    class Meta(Report.Meta):
        db_table = "worker_risk_assessment"

    def __str__(self) -> str:
        return with_owner(f"risk score {self.score}", self, "worker")

    @property
    def points(self) -> dict[str, Decimal]:
        """Points that each factor gives or takes, by its column."""
        return {name: getattr(self, name) for name in POINTS}


class LoanRepaymentStatus(Report):
    """Progress and delay of a loan's repayment, at the moment of reading. Amounts in USDC."""

    loan = models.OneToOneField(
        "loans.Loan", on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    worker = models.ForeignKey(
        "workers.Worker", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    status = models.CharField(max_length=16, choices=LoanStatus.choices)
    amount = MoneyField(help_text="the advance")
    fee = MoneyField()
    total_due = MoneyField(help_text="advance and fee")
    amount_repaid = MoneyField()
    amount_written_off = MoneyField()
    owed = MoneyField(help_text="still to be repaid; 0 for an advance that was not paid out")
    progress_percent = _percent_field("repaid of the total due")
    disbursed_at = models.DateTimeField(null=True)
    repayment_due = models.DateTimeField(null=True)
    is_overdue = models.BooleanField(help_text="owed beyond the due date, defaulted loans included")
    overdue_days = models.PositiveIntegerField(help_text="whole days beyond the due date, while overdue")
    is_defaulted = models.BooleanField(help_text="has ever been in default")
    defaulted_at = models.DateTimeField(null=True)
    repaid_at = models.DateTimeField(null=True)
    repaid_on_time = models.BooleanField(null=True, help_text="NULL until it is repaid")

    class Meta(Report.Meta):
        db_table = "loan_repayment_status_view"
        verbose_name = "repayment of an advance"
        verbose_name_plural = "repayments of advances"

    def __str__(self) -> str:
        return with_owner(f"{self.progress_percent} % repaid", self, "loan")
