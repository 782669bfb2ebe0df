"""What the house would grant a worker now."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from gigstream.lib.money import usdc
from gigstream.lib.reports import columns_of
from loans.calculations import LARGEST_ADVANCE, SMALLEST_ADVANCE, fee_bps_for, is_automatic
from loans.errors import AdvanceOutOfRange, NotEligible
from loans.reports import WorkerRiskAssessment
from loans.terms import Terms


@dataclass(frozen=True, slots=True)
class Standing:
    """One worker's risk, and what follows from it for an advance."""

    risk: WorkerRiskAssessment
    smallest: Decimal
    largest: Decimal

    @property
    def fee_bps(self) -> int | None:
        """None where there is no advance."""
        return fee_bps_for(self.risk.score)

    @property
    def factors(self) -> dict[str, str]:
        """The points behind the score, by the names of `worker_risk_assessment`."""
        points = columns_of(self.risk, besides=("worker_id",))
        return {name: value for name, value in points.items() if name.endswith("_points")}

    def is_automatic(self, amount: Decimal) -> bool:
        """Whether the system approves an advance of this amount by itself."""
        return is_automatic(amount, self.risk.score)

    def offer(self, amount: Decimal) -> Terms:
        """The terms of an advance of `amount` USDC now. Raises NotEligible with every reason against it, or
        AdvanceOutOfRange."""
        if not self.risk.eligible or self.fee_bps is None:
            raise NotEligible("no advance now: " + "; ".join(self.risk.reasons), score=self.risk.score)
        if not self.smallest <= amount <= self.largest:
            raise AdvanceOutOfRange(
                f"an advance is {usdc(self.smallest)} to {usdc(self.largest)}, not {usdc(amount)}",
                smallest=self.smallest,
                largest=self.largest,
                requested=amount,
            )
        return Terms(self.risk.worker_id, amount, self.fee_bps, settings.LOAN_TERM_DAYS)


def standing_of(worker_id: UUID) -> Standing:
    """One statement."""
    risk = WorkerRiskAssessment.objects.get(worker_id=worker_id)
    return Standing(risk, SMALLEST_ADVANCE, LARGEST_ADVANCE)
