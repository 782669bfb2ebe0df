from datetime import timedelta

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Instant, Text, Whole, YesNo
from gigstream.api.schema.describing import Rate, describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from gigstream.core.postgres.reports import Report, row_columns
from loans.policy.calculations.forecast import INTERVAL_PERCENT
from loans.policy.reports import WorkerEarnings, WorkerRiskAssessment
from loans.policy.selectors.factors import Factor, best_move, factors_of
from loans.policy.selectors.offers import assess_credit, forecast_for
from workers.sign_in.views import MyView

DAY = timedelta(days=1)


def _besides_worker(report: type[Report]) -> list[str]:
    return [field.attname for field in report._meta.concrete_fields if field.attname != "worker_id"]


_REASONS = serializers.ListField(child=Text(), help_text="why not; empty when eligible")


Earnings = describe_rows("Earnings", WorkerEarnings, _besides_worker(WorkerEarnings))


class FactorRow(serializers.Serializer):
    """One factor of the risk score, in points of it."""

    name = Text()
    points = Rate()
    highest = Rate(help_text="its largest number of points")
    missing = Rate(help_text="highest less points")
    sentence = Text(help_text="why it gives this number")
    advice = Text(allow_blank=True, help_text="advice to you; empty where you can do nothing")


Risk = describe_rows(
    "Risk",
    WorkerRiskAssessment,
    _besides_worker(WorkerRiskAssessment),
    reasons=_REASONS,
    factors=FactorRow(many=True),
    best_move=Text(allow_null=True, help_text="the factor that misses most, of those that you can change"),
)


class EligibilityAnswer(serializers.Serializer):
    """Eligibility for an advance now, its largest size and its fee."""

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


class MyEarnings(MyView):
    """`me/earnings`, as worker_earnings_view says them."""

    endpoints = {"GET": Endpoint("get_my_earnings", Earnings)}

    def get(self, request: Request) -> HttpResponse:
        """Return the worker's earnings, payouts, advances, and pay still to come."""
        row = WorkerEarnings.objects.get(worker_id=self.worker(request).pk)
        return json_response(200, row_columns(row, besides=("worker_id",)))


class MyRisk(MyView):
    """`me/risk`, as worker_risk_assessment says it."""

    endpoints = {"GET": Endpoint("get_my_risk", Risk)}

    def get(self, request: Request) -> HttpResponse:
        """Return the score with its factors, a sentence for each, and the move that would raise it most."""
        row = WorkerRiskAssessment.objects.get(worker_id=self.worker(request).pk)
        factors = factors_of(row)
        move = best_move(factors)
        return json_response(
            200,
            {
                **row_columns(row, besides=("worker_id",)),
                "factors": [_as_row(factor) for factor in factors],
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

    endpoints = {"GET": Endpoint("get_my_forecast", ForecastAnswer)}

    def get(self, request: Request) -> HttpResponse:
        """Return the worker's expected earnings of the next 7 days, from the last 90 days."""
        now = database_now()
        expected = forecast_for(self.worker(request).pk, now)
        days = [
            {"starts_at": now + number * DAY, "ends_at": now + (number + 1) * DAY, "amount": amount}
            for number, amount in enumerate(expected.days)
        ]
        return json_response(
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
    """`me/advances/eligibility`: eligibility for an advance now, with the reasons against it."""

    endpoints = {"GET": Endpoint("get_my_eligibility", EligibilityAnswer)}

    def get(self, request: Request) -> HttpResponse:
        assessment = assess_credit(self.worker(request).pk, database_now())
        return json_response(
            200,
            {
                "eligible": assessment.eligible,
                "reasons": assessment.reasons,
                "score": assessment.risk.score,
                "fee_bps": assessment.fee_bps,
                "maximum": assessment.maximum,
                "forecast": assessment.forecast.amount,
                "approved_at_once_up_to": assessment.automatic_maximum,
            },
        )
