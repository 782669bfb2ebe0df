from decimal import Decimal

from gigstream.core.money import ZERO, share_bps


def fee_on(pay: Decimal, fee_bps: int) -> Decimal:
    """Return the platform's fee on top of the worker's pay."""
    return share_bps(pay, fee_bps)


def fee_between(fee_bps: int, paid_before: Decimal, paid_after: Decimal) -> Decimal:
    """Return the fee on the pay between two sums: all parts add up to the fee on the whole."""
    return fee_on(paid_after, fee_bps) - (fee_on(paid_before, fee_bps) if paid_before else ZERO)
