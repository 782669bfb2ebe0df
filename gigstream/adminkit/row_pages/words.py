"""Words for values of columns: spans of time, rates, signs, and yes or no.

The name of a column gives the unit of its number, as everywhere in the code: `_seconds`, `_bps`, `_rate`.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.core.money import rate_text, usdc

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
# Columns of seconds and percents, and of a number with a sign, that their names do not give away.
_SECONDS = frozenset({"release_interval", "seconds", "seconds_to_next_release"})
_PERCENTS = frozenset({"progress_percent", "completion_rate", "dispute_rate", "success_rate", "on_time_rate"})
_SIGNED = frozenset({"delta", "change"})
# Columns of yes or no by whether yes is good news.
_NEWS = {
    "is_active": True,
    "success": True,
    "paid_on_time": True,
    "is_overdue": False,
    "is_defaulted": False,
    "is_reached": False,
}
_TAILS = re.compile(r" (seconds|bps|percent)\b")


def duration_text(value: timedelta | Decimal | float) -> str:
    """Return a span of time in its two largest units, as in "7 days" or "1 hour 30 minutes"."""
    exact = value.total_seconds() if isinstance(value, timedelta) else float(value)
    left = round(exact)
    if not left:
        return "0 seconds" if not exact else "under a second"
    sign, left = ("minus ", -left) if left < 0 else ("", left)
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return sign + " ".join(parts[:2])


def percent_text(value: Decimal | float) -> str:
    """Return a percentage, as in "98.5 %"."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".") + " %"


def signed_text(value: Decimal | int) -> str:
    """Return a number with its sign, as in "+25"."""
    return f"{value:+}"


def yes_or_no(name: str, value: bool) -> SafeString:
    """Return yes or no, green where that is good news and red where it is bad."""
    good = _NEWS.get(name)
    tone = "" if good is None else " badge-ok" if good == value else " badge-failed"
    return format_html('<span class="badge{}">{}</span>', tone, "yes" if value else "no")


def words_of_column(name: str, field: Any) -> Callable[[Any], str] | None:
    """Return the function that turns the column's value into words; None for other columns."""
    if isinstance(field, models.BooleanField):
        return lambda value: yes_or_no(name, value)
    if isinstance(field, models.DurationField) or name.endswith("_seconds") or name in _SECONDS:
        return duration_text
    if name.endswith("_bps"):
        return rate_text
    if name in _PERCENTS:
        return percent_text
    return signed_text if name in _SIGNED and isinstance(field, models.IntegerField) else None


def label_of_column(label: str) -> str:
    """Return the title of a column without the unit, which stands beside each value."""
    return _TAILS.sub("", label)


def value_text(name: str, value: Any) -> str:
    """Return a value of a log, which is JSON, in words, by the name of its column."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and (name.endswith("_seconds") or name in _SECONDS):
        return duration_text(value)
    if isinstance(value, int) and name.endswith("_bps"):
        return rate_text(value)
    if isinstance(value, int) and name in _SIGNED:
        return signed_text(value)
    if isinstance(value, list):
        return ", ".join(value_text("", one) for one in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {value_text(key, one)}" for key, one in value.items())
    return _plain_text(str(value))


def _plain_text(text: str) -> str:
    """Return an amount with two to six decimals, and an instant without fractions, as in "2026-03-01
    10:00:00 UTC"; another text as it is."""
    if re.fullmatch(r"-?\d+\.\d{6}", text):
        return usdc(Decimal(text)).removesuffix(" USDC")
    if not re.match(r"\d{4}-\d\d-\d\dT", text):
        return text
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text
