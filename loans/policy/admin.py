from django.contrib import admin

from gigstream.adminkit import ReportAdmin, Table, by_email, by_uuid, show_on
from gigstream.adminkit.list_exports import Exports
from loans.models import Loan
from loans.policy.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from payments.ledger.admin.columns import ENTRY_COLUMNS, entries_table
from payments.ledger.subjects import LOAN
from payments.models import Transaction


@admin.register(LoanRepaymentStatus)
class LoanRepaymentStatusAdmin(Exports, ReportAdmin):
    list_display = (
        "loan",
        "worker",
        "status",
        "total_due",
        "amount_repaid",
        "owed",
        "progress_percent",
        "repayment_due",
        "is_overdue",
        "overdue_days",
        "is_defaulted",
    )
    list_select_related = ("loan", "worker")
    list_filter = ("status", "is_overdue", "is_defaulted")
    date_hierarchy = "repayment_due"
    belongs = ("loan", "worker")
    searches = (by_uuid("loan_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a loan or worker, or a worker's email"


@admin.register(WorkerEarnings)
class WorkerEarningsAdmin(Exports, ReportAdmin):
    export_cost = 10
    list_display = (
        "worker",
        "completed_tasks",
        "active_tasks",
        "earned_amount",
        "released_amount",
        "reward_amount",
        "quest_amount",
        "pending_amount",
        "available_amount",
        "in_transit_amount",
        "payout_amount",
        "owed_amount",
    )
    list_select_related = ("worker",)
    list_filter = ("worker__status",)
    date_hierarchy = "worker__created_at"
    belongs = ("worker",)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


@admin.register(WorkerRiskAssessment)
class WorkerRiskAssessmentAdmin(Exports, ReportAdmin):
    export_cost = 10
    list_display = (
        "worker",
        "score",
        "eligible",
        "reasons",
        "reputation_points",
        "age_points",
        "task_points",
        "performance_points",
        "dispute_points",
        "loan_points",
        "earnings_points",
    )
    list_select_related = ("worker",)
    list_filter = ("worker__status",)
    date_hierarchy = "worker__created_at"
    belongs = ("worker",)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


show_on(
    Loan,
    Table(LoanRepaymentStatus, by="loan", columns=LoanRepaymentStatusAdmin.list_display[2:]),
    entries_table(LOAN, columns=(*ENTRY_COLUMNS, "fact")),
    Table(Transaction, by="loan", columns=("created_at", "type", "status", "amount", "short_hash")),
)
