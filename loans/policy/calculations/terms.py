"""Terms of advances and of their repayment, pure (domain.md, section 7)."""

from collections.abc import Sequence
from decimal import Decimal

from gigstream.core.money import from_micro, share_bps, to_micro

INSTALMENTS = 5
SMALLEST_INSTALMENT = Decimal(1)
SMALLEST_ADVANCE, LARGEST_ADVANCE = Decimal(1), Decimal(500)
# The system approves up to this amount by itself, from this score on.
AUTOMATIC_UP_TO, AUTOMATIC_FROM_SCORE = Decimal(200), 700
# And for the first advance of a worker, up to this amount.
AUTOMATIC_FIRST_UP_TO = Decimal(50)
# Beyond this amount two different members of staff approve.
ONE_SIGNATURE_UP_TO = Decimal(400)
# A score, and the fee of an advance from that score on; below the last there is no advance.
FEES_BPS = ((800, 200), (600, 350))
LOWEST_SCORE = 600


def fee_bps_for(score: int, fees: Sequence[tuple[int, int]] = FEES_BPS) -> int | None:
    """Return the fee of an advance at this risk score, in basis points; None where there is no advance.
    `fees` are pairs of a score and the fee from it on, the highest score first."""
    return next((fee for lowest, fee in fees if score >= lowest), None)


def largest_advance(forecast: Decimal, score: int) -> Decimal:
    """Return min(500, forecast * (0.5 + 0.3 * score / 1000)), rounded down to a micro-USDC."""
    return min(LARGEST_ADVANCE, from_micro(to_micro(forecast) * (5000 + 3 * score) // 10_000))


def loan_fee(amount: Decimal, fee_bps: int) -> Decimal:
    """Return floor(amount * bps / 10000)."""
    return share_bps(amount, fee_bps)


def repayment_from(earning: Decimal, *, owed: Decimal, total_due: Decimal) -> Decimal:
    """Return min(owed, max(total_due / 5, 1), half the earning), rounded down to a micro-USDC."""
    half = from_micro(to_micro(earning) // 2)
    return min(owed, instalment_of(total_due), half)


def instalment_of(total_due: Decimal) -> Decimal:
    """Return max(total_due / 5, 1), the largest part of an earning that is repaid, in USDC."""
    return max(from_micro(to_micro(total_due) // INSTALMENTS), SMALLEST_INSTALMENT)


def signatures_for(amount: Decimal) -> int:
    """Return how many different members of staff approve an advance of this amount, where staff do."""
    return 1 if amount <= ONE_SIGNATURE_UP_TO else 2


def expected_loss(outstanding: Decimal, *, in_default: Decimal, ended: int, defaulted: int) -> Decimal:
    """Return the sum in default and the share `defaulted / ended` of the rest, rounded down to a
    micro-USDC."""
    if not ended:
        return in_default
    return in_default + from_micro(to_micro(outstanding - in_default) * defaulted // ended)
