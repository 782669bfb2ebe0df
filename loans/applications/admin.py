"""Staff's pages of advances."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    EMPTY,
    AmountField,
    ContextLine,
    Figure,
    Figures,
    Moment,
    NextStep,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    RowSource,
    Table,
    TimelineKind,
    add_actions,
    add_context,
    add_to_timeline,
    by_email,
    by_uuid,
    link_to,
    link_with_reference,
    name_rows_by,
    show_on,
    summarize,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import by_amount, by_parts, by_reference, by_related
from gigstream.api.rendering import csv_tables
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from loans.applications import approvals, services
from loans.applications.enums import BOOKED, OWING, LoanStatus
from loans.applications.selectors import Ground, decision_grounds, exposure_ground
from loans.disbursement import services as disbursement_services
from loans.exceptions.services import request_exception
from loans.models import Loan
from loans.policy.admin import WorkerEarningsAdmin, WorkerRiskAssessmentAdmin
from loans.policy.calculations.terms import LARGEST_ADVANCE, ONE_SIGNATURE_UP_TO, instalment_of
from loans.policy.reports import WorkerEarnings, WorkerRiskAssessment
from loans.policy.selectors.factors import best_move, factors_of
from loans.policy.selectors.offers import CreditAssessment, assess_credit
from loans.recovery import approvals as recovery_approvals
from loans.recovery.selectors import COLUMNS, read_portfolio
from loans.repayment.vocabulary import REPAYMENT
from payments.ledger.querysets import belong_to
from payments.ledger.subjects import LOAN
from payments.models import LedgerEntry
from payments.statements.admin.timelines import entries_source, transactions_source
from workers.models import Worker
from workers.profiles.enums import WorkerStatus

MOST_REPAYMENTS = 100


BEFORE_PAYMENT = (LoanStatus.PENDING, LoanStatus.APPROVED)


def _effect_of_approval(loan: Loan) -> str:
    sent = f"{usdc(loan.amount)} is sent to the worker's wallet at the next run"
    return f"{sent}, and {usdc(loan.total_due)} is owed."


def _context(loans: Sequence[Loan]) -> dict[Any, list[ContextLine]]:
    """Return the grounds of decisions on the advances."""
    grounds = decision_grounds(loans)
    return {
        loan.pk: [
            ContextLine("Worker", link_with_reference(loan.worker) or EMPTY),
            *map(_line_of, grounds[loan.pk]),
        ]
        for loan in loans
    }


def _line_of(ground: Ground) -> ContextLine:
    return ContextLine(ground.label, ground.text, is_against=ground.is_against, on_card=ground.is_short)


def _exposure(loans: Sequence[Loan]) -> dict[Any, list[ContextLine]]:
    """Return the open advances of the house, which matter to each."""
    line = _line_of(exposure_ground())
    return {loan.pk: [line] for loan in loans}


add_context(Loan, _context)
add_context(Loan, _exposure, on_card=False)


@admin.register(Loan)
class LoanAdmin(Exports, ReadOnlyAdmin):
    """Staff approve, refuse and write off; what needs two people waits for the second."""

    change_list_template = "admin/gigstream/loans.html"
    actions = (
        RowAction(
            name="approve",
            label="Approve",
            done="approved",
            run=lambda loan, reason: as_action_result(
                approvals.approve_or_request(loan_id=loan.pk, reason=reason)
            ),
            when=lambda loan: loan.status == LoanStatus.PENDING,
            money=lambda loan: loan.amount,
            kind="loan.approve",
            effect=_effect_of_approval,
            note=f"Beyond {ONE_SIGNATURE_UP_TO} USDC a second person approves it as well.",
        ),
        RowAction(
            name="reject",
            label="Refuse",
            done="refused",
            run=lambda loan, reason: services.reject_loan(loan_id=loan.pk, reason=reason),
            when=lambda loan: loan.status in BEFORE_PAYMENT,
            money=lambda loan: loan.amount,
            effect=lambda loan: "No money moves. The worker may request another advance.",
            note="The worker can read the reason.",
        ),
        RowAction(
            name="disburse",
            label="Pay out now",
            done="on the way",
            run=lambda loan, reason: disbursement_services.disburse_loan(loan_id=loan.pk, reason=reason),
            when=lambda loan: loan.status == LoanStatus.APPROVED,
            money=lambda loan: loan.amount,
            effect=lambda loan: (
                f"{usdc(loan.amount)} is sent to the worker's wallet, and {usdc(loan.total_due)} is owed."
            ),
        ),
        RowAction(
            name="write_off",
            label="Write off",
            done="requested",
            run=lambda loan, reason: as_action_result(
                recovery_approvals.request_write_off(loan_id=loan.pk, reason=reason)
            ),
            when=lambda loan: loan.status == LoanStatus.DEFAULTED and loan.owed > 0,
            money=lambda loan: loan.owed,
            kind="loan.write_off",
            watches=("amount_repaid",),
            effect=lambda loan: (
                f"The worker owes {usdc(loan.owed)} less, which the house loses. No money leaves."
            ),
            note="The house bears it when a second person has approved it.",
        ),
    )
    list_display = (
        "requested_at",
        "worker",
        "status",
        "amount",
        "owed",
        "repayment_due",
        "risk_score",
        "total_due",
        "amount_repaid",
    )
    list_select_related = ("worker",)
    list_filter = ("status", ("repayment_due", admin.DateFieldListFilter))
    belongs = ("worker",)
    searches = (
        by_reference(),
        by_uuid("id", "worker_id"),
        by_related("worker", by_email("email"), by_parts("full_name")),
        by_amount("amount"),
    )
    search_help_text = "reference, parts of the worker's name, amount, worker's email, or an id"
    fieldsets = (
        (None, {"fields": (("worker", "status"), "rejection_reason")}),
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
            {
                "fields": ("terms", ("terms_accepted_at", "term_days"), "told_platform"),
                "classes": ("collapse",),
            },
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
                ),
                "classes": ("collapse",),
            },
        ),
        ("Ids and technical data", {"fields": ("id", "terms_hash", "metadata"), "classes": ("collapse",)}),
    )

    @admin.display(description="owed (USDC)")
    def owed(self, loan: Loan) -> str:
        return usdc(_owed_now(loan)).removesuffix(" USDC")

    @admin.display(description="beyond what the system approves (USDC)")
    def beyond_automatic(self, loan: Loan) -> str:
        if loan.automatic_up_to is None:
            return "not assessed"
        return usdc(max(loan.amount - loan.automatic_up_to, ZERO)).removesuffix(" USDC")

    def get_urls(self) -> list[Any]:
        shown = path("portfolio/", self.admin_site.admin_view(self.portfolio), name="loans_portfolio")
        return [shown, *super().get_urls()]

    def portfolio(self, request: HttpRequest) -> HttpResponse:
        """Show the portfolio of advances as a page or, with `?format=csv`, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = read_portfolio()
        if request.GET.get("format") == "csv":
            rows = ([getattr(line, name) for name in COLUMNS] for line in found.lines)
            return csv_tables.csv_response(COLUMNS, rows, name="portfolio")
        parts = (("By score when decided", found.bands), ("By month of payment (UTC)", found.months))
        context = {
            **self.admin_site.each_context(request),
            "title": "Portfolio of advances",
            "whole": found.whole,
            "parts": parts,
        }
        return TemplateResponse(request, "admin/gigstream/portfolio.html", context)


def _owed_now(loan: Loan) -> Decimal:
    """Return the debt of the worker: nothing before the advance is paid out."""
    return loan.owed if loan.status in BOOKED else ZERO


def _assess_now(worker: Worker) -> CreditAssessment:
    return assess_credit(worker.pk, database_now())


def _forecast_lines(worker: Worker) -> Sequence[Sequence[object]]:
    """Return the next 7 days and the largest advance on them, as one line."""
    assessment = _assess_now(worker)
    expected = assessment.forecast
    days = f"{expected.history_days}, cut to 0.7" if expected.is_conservative else str(expected.history_days)
    largest = EMPTY if assessment.maximum is None else usdc(assessment.maximum)
    return [(usdc(expected.amount), usdc(expected.low), usdc(expected.high), days, largest)]


def _factor_lines(risk: WorkerRiskAssessment) -> Sequence[Sequence[object]]:
    """Return a line for each factor, as the worker sees it."""
    factors = factors_of(risk)
    move = best_move(factors)
    return [
        (
            factor.name,
            f"{factor.points:.2f} of {factor.highest:.2f}",
            f"{factor.missing:.2f}",
            factor.sentence,
            f"Most: {factor.advice}" if factor is move else factor.advice or EMPTY,
        )
        for factor in factors
    ]


def _show_factors(by: type[Model], lines: Callable[[Any], Sequence[Sequence[object]]]) -> None:
    headers = ("factor", "points", "missing", "reason", "change")
    show_on(by, Figures("What the risk score is made of", WorkerRiskAssessment, headers, lines))


show_on(
    Worker,
    Figures(
        "Earnings forecast for the next 7 days",
        WorkerEarnings,
        ("expected", "low (80 %)", "high (80 %)", "days of history", "largest advance"),
        _forecast_lines,
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
        known=lambda worker: [_assess_now(worker).risk],
    ),
    Table(WorkerEarnings, by="worker", columns=WorkerEarningsAdmin.list_display[1:]),
)


def _repayment_lines(loan: Loan) -> Sequence[Sequence[object]]:
    """Return the payment, each repayment with the debt after it, and the rest that is due."""
    lines: list[Sequence[object]] = []
    if loan.disbursed_at:
        lines.append((loan.disbursed_at, "paid out", usdc(loan.amount), usdc(loan.total_due)))
    owed = loan.total_due
    paid = LedgerEntry.objects.of(LOAN, loan.pk).filter(kind=REPAYMENT).order_by("id")
    for entry in paid[:MOST_REPAYMENTS]:
        owed -= entry.amount
        lines.append((entry.created_at, link_to(entry, "repaid"), usdc(entry.amount), usdc(owed)))
    if loan.disbursed_at and loan.owed > 0:
        share = f"half of each earning, at most {usdc(instalment_of(loan.total_due))}"
        lines.append((loan.repayment_due or EMPTY, "due", share, usdc(loan.owed)))
    return [(f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else at, *rest) for at, *rest in lines]


show_on(
    Loan,
    Figures(
        "Repayment",
        LedgerEntry,
        ("when (UTC)", "what", "amount", "owed after it"),
        _repayment_lines,
        opened=True,
    ),
)


_show_factors(WorkerRiskAssessment, _factor_lines)


_show_factors(Worker, lambda worker: _factor_lines(_assess_now(worker).risk))


class ExceptionForm(ReasonForm):
    amount = AmountField()
    field_order = ("amount", "reason")


add_actions(
    Worker,
    RowAction(
        name="lend_by_exception",
        label="Lend by exception",
        done="requested",
        run=lambda worker, **given: as_action_result(request_exception(worker_id=worker.pk, **given)),
        form=ExceptionForm,
        kind="loan.lend_by_exception",
        when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        single=True,
        note=f"Up to {LARGEST_ADVANCE} USDC to a worker who is not eligible, never beside an open advance. A"
        " second person approves it.",
    ),
)


show_on(Loan, decisions_table())
name_rows_by(Loan, "worker__full_name")


# --- Timelines and summaries --------------------------------------------------------------------------------
def _loan_moment(loan: Loan) -> Moment:
    return Moment(
        at=loan.created_at,
        kind=TimelineKind.MONEY,
        text=f"Advance {loan.get_status_display().lower()}",
        about=("loan", str(loan.pk)),
        amount=usdc(loan.amount),
    )


add_to_timeline(
    Worker,
    RowSource(
        name="loans",
        model=Loan,
        rows=lambda worker: Loan.objects.filter(worker=worker),
        moment=_loan_moment,
        kinds={TimelineKind.MONEY: Q()},
    ),
)
add_to_timeline(Loan, entries_source(lambda loan: belong_to(LOAN, loan.pk)), transactions_source("loan"))


@summarize(Loan, of=Loan, position=10)
def _loan(loan: Loan) -> list[Figure | NextStep]:
    owed, late = _owed_now(loan), loan.status == LoanStatus.DEFAULTED
    due = f"{loan.repayment_due:%Y-%m-%d}" if loan.repayment_due else "once it is paid out"
    return [
        Figure("Advance", str(loan.get_status_display()), _TONES.get(LoanStatus(loan.status), "wait")),
        Figure("Worker", link_to(loan.worker) or ""),
        Figure("Amount", usdc(loan.amount)),
        Figure("Owed", usdc(owed), "bad" if late else ""),
        Figure("Due", due, "bad" if late else ""),
        Figure("Risk score", "not assessed" if loan.risk_score is None else f"{loan.risk_score} of 1000"),
        *_loan_step(loan),
    ]


_TONES = {LoanStatus.REPAID: "good", LoanStatus.DEFAULTED: "bad", LoanStatus.CANCELLED: ""}
_STEPS = {
    LoanStatus.PENDING: "Waits for a decision since {:%Y-%m-%d %H:%M} UTC: approve or refuse it.",
    LoanStatus.APPROVED: "Approved, and not paid out yet.",
    LoanStatus.DISBURSED: "Its transfer is on the way.",
}


def _loan_step(loan: Loan) -> list[NextStep]:
    """Return the step that the advance waits for."""
    if loan.status in _STEPS:
        return [NextStep(_STEPS[LoanStatus(loan.status)].format(loan.requested_at))]
    if loan.status == LoanStatus.DEFAULTED and loan.owed > 0:
        return [NextStep("In default: earnings still repay it. It can be written off by two people.", "bad")]
    if loan.status in OWING and loan.repayment_due:
        return [NextStep(f"Earnings repay it, until {loan.repayment_due:%Y-%m-%d}.", "")]
    return []
