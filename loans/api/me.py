"""A worker's own earnings, risk and advances over the API."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import Rate, described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Amount, Choice, Id, Instant, StrictSerializer, Text, Whole, YesNo
from gigstream.lib.api.listing import narrow
from gigstream.lib.clock import database_now
from gigstream.lib.reports import Report, columns_of
from loans import services
from loans.enums import LoanStatus
from loans.factors import Factor, best_move, factors_of
from loans.forecast import INTERVAL_PERCENT
from loans.models import Loan
from loans.offers import forecast_for, standing_of
from loans.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from workers.http import MyView, PeriodQuery

DAY = timedelta(days=1)
ADVANCE_COLUMNS = (
    "id",
    "created_at",
    "status",
    "amount",
    "fee",
    "fee_bps",
    "total_due",
    "terms",
    "terms_hash",
    "terms_accepted_at",
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
    "told_platform_id",
)


def _besides_worker(report: type[Report]) -> list[str]:
    return [field.attname for field in report._meta.concrete_fields if field.attname != "worker_id"]


_REASONS = serializers.ListField(child=Text(), help_text="why not; empty when eligible")
AdvanceRow = described("AdvanceRow", Loan, ADVANCE_COLUMNS)
Earnings = described("Earnings", WorkerEarnings, _besides_worker(WorkerEarnings))


class FactorRow(serializers.Serializer):
    """One factor of the risk score, in points of it."""

    name = Text()
    points = Rate()
    highest = Rate(help_text="what it could give")
    missing = Rate(help_text="highest less points")
    sentence = Text(help_text="why it gives what it gives")
    advice = Text(allow_blank=True, help_text="what you could do; empty where that is nothing")


Risk = described(
    "Risk",
    WorkerRiskAssessment,
    _besides_worker(WorkerRiskAssessment),
    reasons=_REASONS,
    factors=FactorRow(many=True),
    best_move=Text(
        allow_null=True, help_text="the factor that misses most, of those you can do something about"
    ),
)


Progress = described("AdvanceProgress", LoanRepaymentStatus, _besides_worker(LoanRepaymentStatus))


class EligibilityAnswer(serializers.Serializer):
    """Whether an advance can be had now, of what size, and at what fee."""

    eligible = YesNo()
    reasons = serializers.ListField(child=Text(), help_text="why not; empty when eligible")
    score = Whole()
    fee_bps = Whole(
        allow_null=True, help_text="of the advance, in hundredths of a percent; null where none can be had"
    )
    maximum = Amount(allow_null=True, help_text="of the advance, in USDC; null where none can be had")
    forecast = Amount(allow_zero=True, help_text="pay expected in the next 7 days, which the maximum follows")
    approved_at_once_up_to = Amount(
        allow_null=True, help_text="in USDC, without staff; null where staff decide on every advance"
    )


class ForecastDay(serializers.Serializer):
    """24 hours to come."""

    starts_at = Instant()
    ends_at = Instant()
    amount = Amount(allow_zero=True)


class ForecastAnswer(serializers.Serializer):
    """The pay expected in the next 7 days, in USDC."""

    amount = Amount(allow_zero=True)
    low = Amount(allow_zero=True, help_text="the truth lies from here ...")
    high = Amount(allow_zero=True, help_text="... to here in `interval_percent` of 100 cases")
    interval_percent = Whole()
    days = ForecastDay(many=True, help_text="seven, which add up to `amount`")
    history_days = Whole(help_text="days of 24 hours it is taken from, at most 90, from the first pay on")
    is_conservative = YesNo(help_text="cut to 0.7 because the history is shorter than 14 days")


class OfferQuery(StrictSerializer):
    amount = Amount(required=False, help_text="the advance, in USDC; the largest without it")


class OfferAnswer(serializers.Serializer):
    """The terms of one advance, to be accepted by their hash."""

    amount = Amount()
    fee = Amount(allow_zero=True)
    fee_bps = Whole(help_text="in hundredths of a percent")
    total_due = Amount()
    instalment = Amount(help_text="what one earning repays at most, and never more than half of it")
    term_days = Whole(help_text="from the day the advance is paid out to the day it is due")
    repayment_due = Instant(help_text="if it were paid out now")
    approved_at_once = YesNo(help_text="or else staff decide")
    terms = Text(help_text="word for word")
    terms_hash = Text(help_text="SHA-256 of `terms` in UTF-8: what a request accepts")


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
        """The score with everything it follows from, a sentence for each factor, and what would move it."""
        row = WorkerRiskAssessment.objects.get(worker_id=self.worker(request).pk)
        factors = factors_of(row)
        move = best_move(factors)
        return json(
            200,
            {
                **columns_of(row, besides=("worker_id",)),
                "factors": [_as_row(one) for one in factors],
                "best_move": move.name if move else None,
            },
        )


def _as_row(factor: Factor) -> dict[str, str]:
    return {
        "name": factor.name,
        "points": f"{factor.points:.2f}",
        "highest": f"{factor.highest:.2f}",
        "missing": f"{factor.missing:.2f}",
        "sentence": factor.sentence,
        "advice": factor.advice,
    }


class MyForecast(MyView):
    """`me/forecast`."""

    doors = {"GET": Door("get_my_forecast", ForecastAnswer)}

    def get(self, request: Request) -> HttpResponse:
        """What the worker will earn in the next 7 days, from the last 90 days of earnings."""
        now = database_now()
        expected = forecast_for(self.worker(request).pk, now)
        days = [
            {"starts_at": now + number * DAY, "ends_at": now + (number + 1) * DAY, "amount": amount}
            for number, amount in enumerate(expected.days)
        ]
        return json(
            200,
            {
                "amount": expected.amount,
                "low": expected.low,
                "high": expected.high,
                "interval_percent": INTERVAL_PERCENT,
                "days": days,
                "history_days": expected.history_days,
                "is_conservative": expected.is_conservative,
            },
        )


class Eligibility(MyView):
    """`me/advances/eligibility`: whether an advance would be granted a request now, and why not."""

    doors = {"GET": Door("get_my_eligibility", EligibilityAnswer)}

    def get(self, request: Request) -> HttpResponse:
        standing = standing_of(self.worker(request).pk, database_now())
        return json(
            200,
            {
                "eligible": standing.eligible,
                "reasons": standing.reasons,
                "score": standing.risk.score,
                "fee_bps": standing.fee_bps,
                "maximum": standing.maximum,
                "forecast": standing.forecast.amount,
                "approved_at_once_up_to": standing.automatic_maximum,
            },
        )


class Offer(MyView):
    """`me/advances/offer`: the exact terms of an advance of some amount."""

    query = OfferQuery
    doors = {"GET": Door("get_my_offer", OfferAnswer, may_be_refused=True)}

    def get(self, request: Request) -> HttpResponse:
        now = database_now()
        standing = standing_of(self.worker(request).pk, now)
        terms = standing.offer(self.read_query(request).get("amount"))
        return json(
            200,
            {
                "amount": terms.amount,
                "fee": terms.fee,
                "fee_bps": terms.fee_bps,
                "total_due": terms.total_due,
                "instalment": terms.instalment,
                "term_days": terms.term_days,
                "repayment_due": now + timedelta(days=terms.term_days),
                "approved_at_once": standing.is_automatic(terms.amount),
                "terms": terms.text,
                "terms_hash": terms.hash,
            },
        )


class AdvanceQuery(PeriodQuery):
    status = Choice(choices=LoanStatus.values, required=False)


class AdvanceForm(StrictSerializer):
    amount = Amount(help_text="the advance, in USDC; its fee is owed on top")
    terms_hash = Text(
        min_length=64, max_length=64, help_text="the `terms_hash` of the offer that the worker accepts"
    )
    tell_platform = Id(
        required=False,
        help_text="a platform you work or have worked for, which then hears how this advance goes on; "
        "without it none does",
    )


class RepaymentForm(StrictSerializer):
    amount = Amount(required=False, help_text="in USDC; all that is owed without it")


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
    """`me/advances/{id}/cancel`: of one that was not paid out yet."""

    doors = {"POST": Door("cancel_my_advance", AdvanceRow, takes=WithdrawForm)}

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            services.cancel_loan(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)


class RepayAdvance(AdvanceView):
    """`me/advances/{id}/repay`: early, out of available money."""

    moves_money = True
    doors = {"POST": Door("repay_my_advance", AdvanceRow, takes=RepaymentForm)}

    def post(self, request: Request, loan_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(request, loan_id)

        def act() -> tuple[int, Any]:
            services.repay_early(loan_id=loan_id, **given)
            return 200, self.own_one(request, loan_id)

        return self.perform(request, act)


class AdvanceProgress(MyView):
    """`me/advances/{id}/progress`, as loan_repayment_status_view says it."""

    doors = {"GET": Door("get_my_advance_progress", Progress)}

    def get(self, request: Request, loan_id: UUID) -> HttpResponse:
        """How far the advance is repaid, and how late it is."""
        row = LoanRepaymentStatus.objects.filter(worker_id=self.worker(request).pk, pk=loan_id).first()
        if row is None:
            raise Http404
        return json(200, columns_of(row, besides=("worker_id",)))
