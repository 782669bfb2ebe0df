"""The terms of advances and their repayment, pure (domain.md, section 7)."""

from collections.abc import Sequence
from decimal import Decimal

from gigstream.lib.money import from_micro, micro, share_bps

INSTALMENTS = 5
SMALLEST_INSTALMENT = Decimal(1)
# A score from this one on, and the fee of an advance at it; below the last there is no advance.
FEES_BPS = ((800, 200), (600, 350))
LOWEST_SCORE = 600
LARGEST_ADVANCE = Decimal(500)
SMALLEST_ADVANCE = Decimal(1)


def fee_bps_for(score: int, fees: Sequence[tuple[int, int]] = FEES_BPS) -> int | None:
    """The fee of an advance at this risk score, in basis points; None where there is no advance. `fees` are
    pairs of a score and the fee from it on, the highest score first."""
    return next((fee for lowest, fee in fees if score >= lowest), None)


def largest_advance(forecast: Decimal, score: int) -> Decimal:
    """min(500, forecast * (0.5 + 0.3 * score / 1000)), rounded down to a micro-USDC."""
    return min(LARGEST_ADVANCE, from_micro(micro(forecast) * (5000 + 3 * score) // 10_000))


def loan_fee(amount: Decimal, fee_bps: int) -> Decimal:
    """floor(amount * bps / 10000)."""
    return share_bps(amount, fee_bps)


def repayment_from(earning: Decimal, *, owed: Decimal, total_due: Decimal) -> Decimal:
    """min(owed, max(total_due / 5, 1), half the earning), rounded down to a micro-USDC."""
    instalment = max(from_micro(micro(total_due) // INSTALMENTS), SMALLEST_INSTALMENT)
    half = from_micro(micro(earning) // 2)
    return min(owed, instalment, half)
