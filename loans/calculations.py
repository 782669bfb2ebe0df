"""Repayment arithmetic, pure (domain.md, section 7)."""

from decimal import Decimal

from gigstream.lib.money import from_micro, micro, share_bps

INSTALMENTS = 5
SMALLEST_INSTALMENT = Decimal(1)
# A score from this one on, and the fee of an advance at it.
FEES_BPS = ((800, 200), (600, 350))


def fee_bps_for(score: int) -> int | None:
    """The fee of an advance at this risk score, in basis points; None where there is no advance."""
    return next((fee for lowest, fee in FEES_BPS if score >= lowest), None)


def loan_fee(amount: Decimal, fee_bps: int) -> Decimal:
    """floor(amount * bps / 10000)."""
    return share_bps(amount, fee_bps)


def repayment_from(earning: Decimal, *, owed: Decimal, total_due: Decimal) -> Decimal:
    """min(owed, max(total_due / 5, 1), half the earning), rounded down to a micro-USDC."""
    instalment = max(from_micro(micro(total_due) // INSTALMENTS), SMALLEST_INSTALMENT)
    half = from_micro(micro(earning) // 2)
    return min(owed, instalment, half)
