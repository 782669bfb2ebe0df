"""The twin's chain: blocks by the clock, gas paid in USDC, 18 decimals of it where gas is concerned."""

import hashlib
import re
from decimal import Decimal

ATTO = 10**18
GWEI = 10**9
USDC_ADDRESS = "0x3600000000000000000000000000000000000000"
DECIMALS = 6
# Where money comes from that nobody sent.
OUTSIDE = "0x" + "f" * 40
GAS_LIMIT = 65_000
GAS_USED = 48_000
BASE_FEE_GWEI = 160
TIPS_GWEI = {"LOW": 1, "MEDIUM": 2, "HIGH": 5}

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_AMOUNT = re.compile(r"\d{1,20}(\.\d{1,6})?", re.ASCII)


def is_address(text: object) -> bool:
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def units(amount: object) -> int | None:
    """The amount of USDC that a text names, in units of 18 decimals; None for a text that is no amount."""
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        return None
    return int(Decimal(amount) * ATTO)


def written(amount: int, *, decimals: int = 18) -> str:
    """Units as a plain decimal text, cut after so many decimals."""
    whole, rest = divmod(amount, ATTO)
    digits = f"{rest:018}"[:decimals].rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def head(now: float, block_seconds: float) -> int:
    """The newest block."""
    return int(now / block_seconds)


def digest(*parts: object) -> str:
    """A hash of 32 bytes, 0x in front."""
    return "0x" + hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def fee_of(gas: int, price_gwei: Decimal) -> int:
    """What so much gas costs, in units."""
    return int(gas * price_gwei * GWEI)


def bid(level: str) -> dict[str, str]:
    """The figures that a fee level stands for, as an estimate gives them."""
    tip = TIPS_GWEI[level]
    most = Decimal(BASE_FEE_GWEI * 2 + tip)
    return {
        "gasLimit": str(GAS_LIMIT),
        "baseFee": str(BASE_FEE_GWEI),
        "priorityFee": str(tip),
        "maxFee": str(most),
        "networkFee": written(fee_of(GAS_LIMIT, Decimal(BASE_FEE_GWEI + tip))),
    }
