"""A worker's own earnings, risk and advances over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Amount, Choice, StrictSerializer, Text, Whole, YesNo
from gigstream.lib.api.listing import narrow
from gigstream.lib.reports import Report, columns_of
from loans import services
from loans.calculations import fee_bps_for
from loans.enums import LoanStatus
from loans.models import Loan
from loans.reports import WorkerEarnings, WorkerRiskAssessment
from workers.http import MyView, PeriodQuery

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


def _besides_worker(report: type[Report]) -> list[str]:
    return [field.attname for field in report._meta.concrete_fields if field.attname != "worker_id"]


_REASONS = serializers.ListField(child=Text(), help_text="why not; empty when eligible")
AdvanceRow = described("AdvanceRow", Loan, ADVANCE_COLUMNS)
Earnings = described("Earnings", WorkerEarnings, _besides_worker(WorkerEarnings))
Risk = described("Risk", WorkerRiskAssessment, _besides_worker(WorkerRiskAssessment), reasons=_REASONS)


class EligibilityAnswer(serializers.Serializer):
    """Whether an advance can be had now, and at what fee."""

    eligible = YesNo()
    reasons = serializers.ListField(child=Text(), help_text="why not; empty when eligible")
    score = Whole()
    fee_bps = Whole(
        allow_null=True, help_text="of the advance, in hundredths of a percent; null where none can be had"
    )


class MyEarnings(MyView):
    """`me/earnings`, as worker_earnings_view says them."""

    doors = {"GET": Door("get_my_earnings", Earnings)}

    def get(self, request: Request) -> HttpResponse:
        """What the worker has earned, been paid, been lent and still has to come."""
        row = WorkerEarnings.objects.get(worker_id=self.worker(request).pk)
        return json(200, columns_of(row, besides=("worker_id",)))


class MyRisk(MyView):
    """`me/risk`, as worker_risk_assessment says it."""

    doors = {"GET": Door("get_my_risk", Risk)}

    def get(self, request: Request) -> HttpResponse:
        row = WorkerRiskAssessment.objects.get(worker_id=self.worker(request).pk)
        return json(200, columns_of(row, besides=("worker_id",)))


class Eligibility(MyView):
    """`me/advances/eligibility`: whether an advance would be granted a request now, and why not."""

    doors = {"GET": Door("get_my_eligibility", EligibilityAnswer)}

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


class WithdrawForm(StrictSerializer):
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
    doors = {
        "GET": Door("list_my_advances", AdvanceRow, listed=True),
        "POST": Door("request_my_advance", AdvanceRow, takes=AdvanceForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, narrow(self.own(request), self.read_query(request)))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)

        def act() -> tuple[int, Any]:
            loan = services.request_advance(worker_id=self.worker(request).pk, **given)
            return 201, self.own_one(request, loan.pk)

        return self.perform(request, act)


class MyAdvance(AdvanceView):
    """`me/advances/{id}`."""

    doors = {"GET": Door("get_my_advance", AdvanceRow)}

    def get(self, request: Request, loan_id: UUID) -> HttpResponse:
        return json(200, self.own_one(request, loan_id))


class CancelAdvance(AdvanceView):
    """`me/advances/{id}/cancel`: of one that is still pending."""

    doors = {"POST": Door("cancel_my_advance", AdvanceRow, takes=WithdrawForm)}

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            services.withdraw_request(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)
