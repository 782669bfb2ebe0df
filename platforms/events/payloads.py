from decimal import Decimal


def money(value: Decimal | None) -> str | None:
    """Return an amount with six decimals, however many it was computed with."""
    return None if value is None else f"{value:.6f}"
