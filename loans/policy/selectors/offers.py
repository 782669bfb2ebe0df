"""Forecasts of workers' earnings, and assessments of their credit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from gigstream.core.money import ZERO, usdc
from loans.applications.errors import AdvanceOutOfRange, NotEligible
from loans.applications.terms import Terms
from loans.exposure.services import AutomaticLimit, automatic_limit
from loans.policy.calculations.forecast import LONGEST_HISTORY, Forecast, forecast_week
from loans.policy.calculations.terms import SMALLEST_ADVANCE, fee_bps_for, largest_advance
from loans.policy.reports import WorkerRiskAssessment
from loans.policy.selectors.payers import counted_history
from payments.figures.selectors.days import earnings_by_payer

# The reason against an advance that the worker's own open advance is, in the words of the view.
ANOTHER_IS_OPEN = "another loan is open"


def counted_earnings(
    worker_ids: Collection[UUID], *, now: datetime, days: int = LONGEST_HISTORY
) -> dict[UUID, list[Decimal]]:
    """Return the pay of each worker that counts, of the last days of 24 hours, the oldest first: no bonus, no
    gift of the house, and of each payer only their part. Workers without pay are left out. One statement."""
    found = earnings_by_payer(worker_ids, now=now, days=days)
    return {
        worker_id: counted_history(list(payers.values()), days=days) for worker_id, payers in found.items()
    }


def forecast_for(worker_id: UUID, now: datetime) -> Forecast:
    """Return the worker's expected earnings in the 7 days after `now`, from the ledger's entries up to
    then."""
    return forecast_week(counted_earnings([worker_id], now=now).get(worker_id, ()))


@dataclass(frozen=True, slots=True)
class CreditAssessment:
    """Assessment of a worker's credit now: up to `maximum` USDC at `fee_bps`, both None where nothing is
    lent.

    `reasons` say why not; without any the worker is eligible.
    """

    risk: WorkerRiskAssessment
    forecast: Forecast
    reasons: Sequence[str]
    fee_bps: int | None
    maximum: Decimal | None
    automatic: AutomaticLimit

    @property
    def eligible(self) -> bool:
        return not self.reasons

    @property
    def factors(self) -> dict[str, str]:
        """Points behind the score, by the names of `worker_risk_assessment`."""
        return {name: str(points) for name, points in self.risk.points.items()}

    def is_automatic(self, amount: Decimal) -> bool:
        """Whether the system approves an advance of this amount by itself."""
        return self.eligible and amount <= self.automatic.amount

    @property
    def automatic_maximum(self) -> Decimal | None:
        """Largest advance that the system approves by itself; None where staff decide on all."""
        most = min(self.maximum or ZERO, self.automatic.amount)
        return most if self.eligible and most >= SMALLEST_ADVANCE else None

    def offer(self, amount: Decimal | None = None) -> Terms:
        """Return the terms of an advance of `amount` USDC, or of the largest. Raises NotEligible with every
        reason against it, or AdvanceOutOfRange."""
        if self.fee_bps is None or self.maximum is None:
            raise NotEligible("no advance now: " + "; ".join(self.reasons), score=self.risk.score)
        value = self.maximum if amount is None else amount
        if not SMALLEST_ADVANCE <= value <= self.maximum:
            raise AdvanceOutOfRange(
                f"an advance is from {usdc(SMALLEST_ADVANCE)} to {usdc(self.maximum)} now, not {usdc(value)}",
                maximum=self.maximum,
                requested=value,
            )
        return Terms(self.risk.worker_id, value, self.fee_bps, settings.LOAN_TERM_DAYS)


@dataclass(frozen=True, slots=True)
class Prospect:
    """Prospect of an advance to a worker now, and reasons against it: an assessment without the limits of the
    system."""

    risk: WorkerRiskAssessment
    forecast: Forecast
    reasons: Sequence[str]
    fee_bps: int | None
    maximum: Decimal | None


def prospects_of(
    worker_ids: Collection[UUID], now: datetime, *, besides: Collection[str] = ()
) -> dict[UUID, Prospect]:
    """Return the prospect of an advance to each of the workers at `now`, by two statements. The reasons in
    `besides` do not count."""
    earned = counted_earnings(worker_ids, now=now)
    risks = WorkerRiskAssessment.objects.filter(worker_id__in=worker_ids)
    return {
        risk.worker_id: _prospect(risk, forecast_week(earned.get(risk.worker_id, ())), besides)
        for risk in risks
    }


def _prospect(risk: WorkerRiskAssessment, expected: Forecast, besides: Collection[str] = ()) -> Prospect:
    largest = largest_advance(expected.amount, risk.score)
    reasons = [reason for reason in risk.reasons if reason not in besides]
    if largest < SMALLEST_ADVANCE:
        reasons.append(
            f"the forecast of {usdc(expected.amount)} allows {usdc(largest)},"
            f" at least {usdc(SMALLEST_ADVANCE)} is lent"
        )
    if reasons:
        return Prospect(risk, expected, reasons, None, None)
    return Prospect(risk, expected, (), fee_bps_for(risk.score), largest)


def assess_credit(worker_id: UUID, now: datetime) -> CreditAssessment:
    """Assess the credit of a worker who requests an advance at `now`."""
    risk = WorkerRiskAssessment.objects.get(worker_id=worker_id)
    found = _prospect(risk, forecast_for(worker_id, now))
    automatic = automatic_limit(worker_id, risk.score, now)
    return CreditAssessment(risk, found.forecast, found.reasons, found.fee_bps, found.maximum, automatic)
