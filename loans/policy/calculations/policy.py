"""Replay of advances, past and present, under other rules, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from gigstream.core.money import ZERO
from loans.policy.calculations.terms import (
    FEES_BPS,
    LOWEST_SCORE,
    SMALLEST_ADVANCE,
    fee_bps_for,
    largest_advance,
    loan_fee,
)
from reputation.scores.replay import Deltas, PastEvent, replay_scores, replayed_at

HIGHEST_SCORE = 1000
# Of a point of reputation in the risk score (domain.md, section 7).
REPUTATION_WEIGHT = Decimal("0.3")
REPUTATION_POINTS = "reputation_points"


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of advances and their fees: those of today unless given otherwise. The lowest fee's band reaches
    down to `lowest_score`."""

    fees: tuple[tuple[int, int], ...] = FEES_BPS
    lowest_score: int = LOWEST_SCORE
    deltas: Deltas = field(default_factory=Deltas)

    def fee_bps(self, score: int) -> int | None:
        """Return the fee at this score, None where nothing is lent."""
        if score < self.lowest_score:
            return None
        found = fee_bps_for(score, self.fees)
        return self.fees[-1][1] if found is None else found


@dataclass(frozen=True, slots=True)
class PastAdvance:
    """An advance that was paid out, with the figures of its assessment."""

    requested_at: datetime
    amount: Decimal
    fee: Decimal
    points: Mapping[str, Decimal]
    predicted_earnings: Decimal


@dataclass(frozen=True, slots=True)
class Present:
    """Figures of a worker's assessment now. `other_reasons` counts the reasons against an advance besides the
    score."""

    reputation: int
    score: int
    points: Mapping[str, Decimal]
    other_reasons: int
    predicted_earnings: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of the rules for a worker: reputation, score and the largest advance now (0 where there is
    none), and the sums lent and charged in the time replayed. USDC."""

    reputation: int
    score: int
    maximum: Decimal
    lent: Decimal
    fees: Decimal

    @property
    def eligible(self) -> bool:
        return self.maximum > 0


def compare_outcomes(
    rules: Rules, present: Present, events: Sequence[PastEvent], advances: Sequence[PastAdvance]
) -> tuple[Outcome, Outcome]:
    """Return the outcome that the worker had and that of other rules: events and advances replayed, in order.

    A smaller maximum cuts an advance, a score that is too low takes it away. Repayments, forecasts and the
    other factors of the score stay as they were, and no worker requests more than they did.
    """
    scores = replay_scores(events, rules.deltas)
    start = events[0].previous_score if events else present.reputation
    reputation = scores[-1].replayed if scores else present.reputation
    made = [
        _replay_advance(rules, past, replayed_at(scores, past.requested_at, otherwise=start))
        for past in advances
    ]
    score = score_with(present.points, reputation)
    before = Outcome(
        reputation=present.reputation,
        score=present.score,
        maximum=_largest_offer(Rules(), present, present.score),
        lent=sum((past.amount for past in advances), ZERO),
        fees=sum((past.fee for past in advances), ZERO),
    )
    after = Outcome(
        reputation=reputation,
        score=score,
        maximum=_largest_offer(rules, present, score),
        lent=sum((lent for lent, _ in made), ZERO),
        fees=sum((fee for _, fee in made), ZERO),
    )
    return before, after


def score_with(points: Mapping[str, Decimal], reputation: int) -> int:
    """Return the risk score of these points with another reputation."""
    others = sum((value for name, value in points.items() if name != REPUTATION_POINTS), Decimal(0))
    whole = (others + reputation * REPUTATION_WEIGHT).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return min(max(int(whole), 0), HIGHEST_SCORE)


def _largest_offer(rules: Rules, present: Present, score: int) -> Decimal:
    largest = largest_advance(present.predicted_earnings, score)
    refused = present.other_reasons or rules.fee_bps(score) is None or largest < SMALLEST_ADVANCE
    return ZERO if refused else largest


def _replay_advance(rules: Rules, past: PastAdvance, reputation: int) -> tuple[Decimal, Decimal]:
    """Return the amount that the rules would have lent, and its fee."""
    score = score_with(past.points, reputation)
    fee_bps = rules.fee_bps(score)
    amount = min(past.amount, largest_advance(past.predicted_earnings, score))
    if fee_bps is None or amount < SMALLEST_ADVANCE:
        return ZERO, ZERO
    return amount, loan_fee(amount, fee_bps)
