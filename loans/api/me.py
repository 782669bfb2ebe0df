"""A worker's own earnings, risk and advances over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.fields import Amount, Choice, StrictSerializer, Text
from gigstream.lib.reports import columns_of
from loans import services
from loans.calculations import fee_bps_for
from loans.enums import LoanStatus
from loans.models import Loan
from loans.reports import WorkerEarnings, WorkerRiskAssessment
from workers.http import MyView, PeriodQuery, conditions

ADVANCE_COLUMNS = (
    "id",
    "created_at",
    "status",
    "amount",
    "fee",
    "fee_bps",
    "total_due",
    "amount_repaid",
    "amount_written_off",
    "requested_at",
    "approved_at",
    "disbursed_at",
    "repayment_due",
    "repaid_at",
    "defaulted_at",
    "cancelled_at",
    "rejection_reason",
)


class MyEarnings(MyView):
    """`me/earnings`, as worker_earnings_view says them."""

    def get(self, request: Request) -> HttpResponse:
        row = WorkerEarnings.objects.get(worker_id=self.worker(request).pk)
        return json(200, columns_of(row, besides=("worker_id",)))


class MyRisk(MyView):
    """`me/risk`, as worker_risk_assessment says it, with its reasons."""

    def get(self, request: Request) -> HttpResponse:
        row = WorkerRiskAssessment.objects.get(worker_id=self.worker(request).pk)
        return json(200, columns_of(row, besides=("worker_id",)))


class Eligibility(MyView):
    """`me/advances/eligibility`: whether an advance would be granted a request now, and why not."""

    def get(self, request: Request) -> HttpResponse:
        risk = WorkerRiskAssessment.objects.get(worker_id=self.worker(request).pk)
        return json(
            200,
            {
                "eligible": risk.eligible,
                "reasons": risk.reasons,
                "score": risk.score,
                "fee_bps": fee_bps_for(risk.score),
            },
        )


class AdvanceQuery(PeriodQuery):
    status = Choice(choices=LoanStatus.values, required=False)


class AdvanceForm(StrictSerializer):
    amount = Amount(help_text="the advance, in USDC; its fee is owed on top")


class CancelForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class AdvanceView(MyView):
    """The worker's own advances."""

    def own(self, request: Request) -> QuerySet[Loan, dict[str, Any]]:
        return Loan.objects.filter(worker=self.worker(request)).values(*ADVANCE_COLUMNS)

    def own_one(self, request: Request, loan_id: UUID) -> dict[str, Any]:
        loan = self.own(request).filter(pk=loan_id).first()
        if loan is None:
            raise Http404
        return loan


class MyAdvances(AdvanceView):
    """`me/advances`: all of them, and asking for one."""

    query = AdvanceQuery
    moves_money = True

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, self.own(request).filter(**conditions(self.read_query(request))))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request, AdvanceForm)

        def act() -> tuple[int, Any]:
            loan = services.request_advance(worker_id=self.worker(request).pk, **given)
            return 201, self.own_one(request, loan.pk)

        return self.perform(request, act)


class MyAdvance(AdvanceView):
    """`me/advances/{id}`."""

    def get(self, request: Request, loan_id: UUID) -> HttpResponse:
        return json(200, self.own_one(request, loan_id))


class CancelAdvance(AdvanceView):
    """`me/advances/{id}/cancel`: of one that is still pending."""

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request, CancelForm)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            services.withdraw_request(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)
