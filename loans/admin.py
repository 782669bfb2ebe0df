"""The staff's doors to advances."""

from django.contrib import admin

from gigstream.lib.admin import ReadOnlyAdmin, ReportAdmin, Table, by_email, by_uuid, show_on
from gigstream.lib.money import usdc
from loans.models import Loan
from loans.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from payments.models import LedgerEntry, Transaction
from workers.models import Worker


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    list_display = (
        "requested_at",
        "worker",
        "status",
        "amount",
        "total_due",
        "amount_repaid",
        "owed",
        "risk_score",
        "repayment_due",
    )
    list_select_related = ("worker",)
    list_filter = ("status", ("repayment_due", admin.DateFieldListFilter))
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a loan or worker, or a worker's email"
    fieldsets = (
        (None, {"fields": ("status", "worker", "id", "rejection_reason")}),
        (
            "Money",
            {
                "fields": (
                    ("amount", "fee", "fee_bps"),
                    ("total_due", "amount_repaid", "amount_written_off"),
                    "owed",
                )
            },
        ),
        ("The decision", {"fields": (("risk_score", "predicted_earnings"), "risk_factors")}),
        (
            "Times",
            {
                "fields": (
                    ("requested_at", "approved_at"),
                    ("disbursed_at", "repayment_due"),
                    ("repaid_at", "defaulted_at", "cancelled_at"),
                )
            },
        ),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )

    @admin.display(description="owed (USDC)")
    def owed(self, loan: Loan) -> str:
        return usdc(loan.owed).removesuffix(" USDC")


@admin.register(LoanRepaymentStatus)
class LoanRepaymentStatusAdmin(ReportAdmin):
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
    list_filter = ("status",)
    belongs = ("worker",)
    searches = (by_uuid("loan_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a loan or worker, or a worker's email"


@admin.register(WorkerEarnings)
class WorkerEarningsAdmin(ReportAdmin):
    list_display = (
        "worker",
        "completed_tasks",
        "active_tasks",
        "earned_amount",
        "released_amount",
        "pending_amount",
        "available_amount",
        "in_transit_amount",
        "payout_amount",
        "owed_amount",
    )
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


@admin.register(WorkerRiskAssessment)
class WorkerRiskAssessmentAdmin(ReportAdmin):
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
    belongs = ("worker",)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id or email of a worker"


show_on(
    Worker,
    Table(
        Loan,
        by="worker",
        columns=("requested_at", "status", "amount", "total_due", "amount_repaid", "repayment_due"),
        limit=10,
    ),
    Table(WorkerRiskAssessment, by="worker", columns=WorkerRiskAssessmentAdmin.list_display[1:]),
    Table(WorkerEarnings, by="worker", columns=WorkerEarningsAdmin.list_display[1:]),
)
show_on(
    Loan,
    Table(LedgerEntry, by="loan", columns=("created_at", "kind", "amount", "debit", "credit", "fact")),
    Table(Transaction, by="loan", columns=("created_at", "type", "status", "amount", "short_hash")),
)
