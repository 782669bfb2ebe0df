"""The staff's doors to advances."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from audit.exports import Exports
from audit.pages import told
from gigstream.lib.admin import (
    EMPTY,
    Figures,
    ReadOnlyAdmin,
    ReasonForm,
    ReportAdmin,
    Table,
    act_on,
    by_email,
    by_uuid,
    each,
    lines_as_html,
    link,
    show_on,
)
from gigstream.lib.api import csv
from gigstream.lib.clock import database_now
from gigstream.lib.money import ZERO, usdc
from loans import approvals, services
from loans.calculations import LARGEST_ADVANCE, ONE_SIGNATURE_UP_TO, instalment_of
from loans.decision_lines import decision_lines
from loans.enums import LoanStatus
from loans.exceptions import ask_to_lend_by_exception
from loans.factors import best_move, factors_of
from loans.models import Loan
from loans.offers import Standing, standing_of
from loans.portfolio import COLUMNS, portfolio
from loans.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from payments.enums import EntryKind
from payments.models import LedgerEntry, Transaction
from workers.enums import WorkerStatus
from workers.models import Worker

MOST_REPAYMENTS = 100
BEFORE_PAYMENT = (LoanStatus.PENDING, LoanStatus.APPROVED)


@admin.register(Loan)
class LoanAdmin(Exports, ReadOnlyAdmin):
    """Staff approve, refuse and write off; what needs two people waits for the second."""

    change_list_template = "admin/gigstream/loans.html"
    actions = (
        each(
            "approve",
            "Approve",
            "approved",
            lambda loan, reason: told(approvals.approve_or_ask(loan_id=loan.pk, reason=reason)),
            when=lambda loan: loan.status == LoanStatus.PENDING,
            money=lambda loan: loan.amount,
            tell=lambda loan: lines_as_html(decision_lines(loan)),
            note=f"Beyond {ONE_SIGNATURE_UP_TO} USDC a second person approves it as well.",
        ),
        each(
            "reject",
            "Refuse",
            "refused",
            lambda loan, reason: services.reject_loan(loan_id=loan.pk, reason=reason),
            when=lambda loan: loan.status in BEFORE_PAYMENT,
            money=lambda loan: loan.amount,
            note="The worker can read the reason.",
        ),
        each(
            "disburse",
            "Pay out now",
            "on the way",
            lambda loan, reason: services.disburse_loan(loan_id=loan.pk, reason=reason),
            when=lambda loan: loan.status == LoanStatus.APPROVED,
            money=lambda loan: loan.amount,
        ),
        each(
            "write_off",
            "Write off",
            "asked for",
            lambda loan, reason: told(approvals.ask_to_write_off(loan_id=loan.pk, reason=reason)),
            when=lambda loan: loan.status == LoanStatus.DEFAULTED and loan.owed > 0,
            money=lambda loan: loan.owed,
            note="The house bears it when a second person has approved it.",
        ),
    )
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
        (
            "The terms",
            {"fields": ("terms", "terms_hash", ("terms_accepted_at", "term_days"), "told_platform")},
        ),
        (
            "The decision",
            {
                "fields": (
                    ("risk_score", "predicted_earnings"),
                    ("automatic_up_to", "beyond_automatic", "is_automatic"),
                    "risk_factors",
                    "exception_reason",
                )
            },
        ),
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

    @admin.display(description="beyond what the system approves (USDC)")
    def beyond_automatic(self, loan: Loan) -> str:
        if loan.automatic_up_to is None:
            return "not assessed"
        return usdc(max(loan.amount - loan.automatic_up_to, ZERO)).removesuffix(" USDC")

    def get_urls(self) -> list[Any]:
        shown = path("portfolio/", self.admin_site.admin_view(self.portfolio), name="loans_portfolio")
        return [shown, *super().get_urls()]

    def portfolio(self, request: HttpRequest) -> HttpResponse:
        """What was lent and what has come of it, as a page or, with `?format=csv`, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = portfolio()
        if request.GET.get("format") == "csv":
            rows = ([getattr(line, name) for name in COLUMNS] for line in found.lines)
            return csv.answer(COLUMNS, rows, name="portfolio")
        parts = (("By score when decided", found.bands), ("By month of payment (UTC)", found.months))
        context = {
            **self.admin_site.each_context(request),
            "title": "Portfolio of advances",
            "whole": found.whole,
            "parts": parts,
        }
        return TemplateResponse(request, "admin/gigstream/portfolio.html", context)


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


def _standing(worker: Worker) -> Standing:
    """Worked out once for a page, of which several tables show parts."""
    known: Standing | None = vars(worker).get("_standing")
    if known is None:
        known = vars(worker)["_standing"] = standing_of(worker.pk, database_now())
    return known


def _forecast(worker: Worker) -> Sequence[Sequence[object]]:
    """The next 7 days as one line, and what may be lent on them."""
    standing = _standing(worker)
    expected = standing.forecast
    days = f"{expected.history_days}, cut to 0.7" if expected.is_conservative else str(expected.history_days)
    largest = EMPTY if standing.maximum is None else usdc(standing.maximum)
    return [(usdc(expected.amount), usdc(expected.low), usdc(expected.high), days, largest)]


def _factors(risk: WorkerRiskAssessment) -> Sequence[Sequence[object]]:
    """A line for each factor, as the worker sees them."""
    factors = factors_of(risk)
    move = best_move(factors)
    return [
        (
            one.name,
            f"{one.points:.2f} of {one.highest:.2f}",
            f"{one.missing:.2f}",
            one.sentence,
            f"Most: {one.advice}" if one is move else one.advice or EMPTY,
        )
        for one in factors
    ]


def _explained(by: type[Model], lines: Callable[[Any], Sequence[Sequence[object]]]) -> None:
    headers = ("factor", "points", "missing", "reason", "change")
    show_on(by, Figures("What the risk score is made of", WorkerRiskAssessment, headers, lines))


show_on(
    Worker,
    Figures(
        "Earnings forecast for the next 7 days",
        WorkerEarnings,
        ("expected", "low (80 %)", "high (80 %)", "days of history", "largest advance"),
        _forecast,
    ),
    Table(
        Loan,
        by="worker",
        columns=("requested_at", "status", "amount", "total_due", "amount_repaid", "repayment_due"),
        limit=10,
    ),
    Table(
        WorkerRiskAssessment,
        by="worker",
        columns=WorkerRiskAssessmentAdmin.list_display[1:],
        known=lambda worker: [_standing(worker).risk],
    ),
    Table(WorkerEarnings, by="worker", columns=WorkerEarningsAdmin.list_display[1:]),
)


def _repayments(loan: Loan) -> Sequence[Sequence[object]]:
    """The payment, each repayment with what is owed after it, and what is still to come."""
    lines: list[Sequence[object]] = []
    if loan.disbursed_at:
        lines.append((loan.disbursed_at, "paid out", usdc(loan.amount), usdc(loan.total_due)))
    owed = loan.total_due
    paid = LedgerEntry.objects.filter(loan=loan, kind=EntryKind.REPAYMENT).order_by("id")
    for entry in paid[:MOST_REPAYMENTS]:
        owed -= entry.amount
        lines.append((entry.created_at, link(entry, "repaid"), usdc(entry.amount), usdc(owed)))
    if loan.disbursed_at and loan.owed > 0:
        share = f"half of each earning, at most {usdc(instalment_of(loan.total_due))}"
        lines.append((loan.repayment_due or EMPTY, "due", share, usdc(loan.owed)))
    return [(f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else at, *rest) for at, *rest in lines]


show_on(
    Loan, Figures("Repayment", LedgerEntry, ("when (UTC)", "what", "amount", "owed after it"), _repayments)
)
_explained(WorkerRiskAssessment, _factors)
_explained(Worker, lambda worker: _factors(_standing(worker).risk))
show_on(
    Loan,
    Table(LoanRepaymentStatus, by="loan", columns=LoanRepaymentStatusAdmin.list_display[2:]),
    Table(LedgerEntry, by="loan", columns=("created_at", "kind", "amount", "debit", "credit", "fact")),
    Table(Transaction, by="loan", columns=("created_at", "type", "status", "amount", "short_hash")),
)


class ExceptionForm(ReasonForm):
    amount = forms.CharField(max_length=21, label="Amount (USDC)")
    field_order = ("amount", "reason")


act_on(
    Worker,
    each(
        "lend_by_exception",
        "Lend by exception",
        "asked for",
        lambda worker, **given: told(ask_to_lend_by_exception(worker_id=worker.pk, **given)),
        form=ExceptionForm,
        when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        single=True,
        note=f"Up to {LARGEST_ADVANCE} USDC to a worker who is not eligible, never beside an open advance. A"
        " second person approves it.",
    ),
)
