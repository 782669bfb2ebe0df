"""Repayment arithmetic, pure (domain.md, section 7)."""

from decimal import Decimal

from gigstream.lib.money import from_micro, micro, share_bps

INSTALMENTS = 5
SMALLEST_INSTALMENT = Decimal(1)


def loan_fee(amount: Decimal, fee_bps: int) -> Decimal:
    """floor(amount * bps / 10000)."""
    return share_bps(amount, fee_bps)


def repayment_from(earning: Decimal, *, owed: Decimal, total_due: Decimal) -> Decimal:
    """min(owed, max(total_due / 5, 1), half the earning), rounded down to a micro-USDC."""
    instalment = max(from_micro(micro(total_due) // INSTALMENTS), SMALLEST_INSTALMENT)
    half = from_micro(micro(earning) // 2)
    return min(owed, instalment, half)
