"""Simulated chain: blocks by the clock, gas paid in USDC with 18 decimals."""

import hashlib
import re
from decimal import Decimal

ATTO = 10**18
GWEI = 10**9
USDC_ADDRESS = "0x3600000000000000000000000000000000000000"
DECIMALS = 6
# Sender of money from outside.
OUTSIDE = "0x" + "f" * 40
GAS_LIMIT = 65_000
GAS_USED = 48_000
BASE_FEE_GWEI = 160
TIPS_GWEI = {"LOW": 1, "MEDIUM": 2, "HIGH": 5}

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_AMOUNT = re.compile(r"\d{1,20}(\.\d{1,6})?", re.ASCII)


def is_address(text: object) -> bool:
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def parse_units(amount: object) -> int | None:
    """Return the amount of USDC in a text, in units of 18 decimals; None for any other text."""
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        return None
    return int(Decimal(amount) * ATTO)


def format_units(amount: int, *, decimals: int = 18) -> str:
    """Return units as a plain decimal text, cut after so many decimals."""
    whole, rest = divmod(amount, ATTO)
    digits = f"{rest:018}"[:decimals].rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def head_block(now: float, block_seconds: float) -> int:
    """Return the number of the newest block."""
    return int(now / block_seconds)


def hex_digest(*parts: object) -> str:
    """Return a hash of 32 bytes in hexadecimal, with the prefix 0x."""
    return "0x" + hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def fee_of(gas: int, price_gwei: Decimal) -> int:
    """Return the price of so much gas in units."""
    return int(gas * price_gwei * GWEI)


def fee_bid(level: str) -> dict[str, str]:
    """Return the estimate of a fee level."""
    tip = TIPS_GWEI[level]
    most = Decimal(BASE_FEE_GWEI * 2 + tip)
    return {
        "gasLimit": str(GAS_LIMIT),
        "baseFee": str(BASE_FEE_GWEI),
        "priorityFee": str(tip),
        "maxFee": str(most),
        "networkFee": format_units(fee_of(GAS_LIMIT, Decimal(BASE_FEE_GWEI + tip))),
    }
