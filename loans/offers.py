"""What a worker will earn, and what the house would lend them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gigstream.lib.money import usdc
from loans.calculations import SMALLEST_ADVANCE, fee_bps_for, largest_advance
from loans.forecast import LONGEST_HISTORY, Forecast, forecast
from loans.reports import WorkerRiskAssessment
from payments.selectors import daily_earnings


def forecast_for(worker_id: UUID, now: datetime) -> Forecast:
    """What the worker will earn in the 7 days after `now`, from the ledger's entries up to then."""
    found = daily_earnings([worker_id], now=now, days=LONGEST_HISTORY)
    return forecast(found.get(worker_id, ()))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a worker would be lent now: up to `maximum` USDC at `fee_bps`, both None where it is nothing.

    `reasons` say why nothing; without any the worker is eligible.
    """

    risk: WorkerRiskAssessment
    forecast: Forecast
    reasons: Sequence[str]
    fee_bps: int | None
    maximum: Decimal | None

    @property
    def factors(self) -> dict[str, str]:
        """The points behind the score, by the names of `worker_risk_assessment`."""
        return {name: str(points) for name, points in self.risk.points.items()}

    @property
    def eligible(self) -> bool:
        return not self.reasons


def standing_of(worker_id: UUID, now: datetime) -> Standing:
    """What a worker who asks at `now` would be lent."""
    risk = WorkerRiskAssessment.objects.get(worker_id=worker_id)
    expected = forecast_for(worker_id, now)
    largest = largest_advance(expected.amount, risk.score)
    reasons = list(risk.reasons)
    if largest < SMALLEST_ADVANCE:
        reasons.append(
            f"the forecast of {usdc(expected.amount)} allows {usdc(largest)},"
            f" at least {usdc(SMALLEST_ADVANCE)} is lent"
        )
    if reasons:
        return Standing(risk, expected, reasons, None, None)
    return Standing(risk, expected, (), fee_bps_for(risk.score), largest)
