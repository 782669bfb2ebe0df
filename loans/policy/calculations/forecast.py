"""Forecast of a worker's earnings in the next 7 days, from the earnings so far, pure (domain.md, section 7).

All arithmetic is exact: whole micro-USDC and fractions of them, rounded down at the very end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, isqrt
from operator import mul

from gigstream.core.money import ZERO, from_micro, to_micro

WEEK = 7
LONGEST_HISTORY = 90
# Below so many days the forecast is cut to this share, and knows neither days of the week nor a trend.
SHORT_HISTORY = 14
CAUTION = Fraction(7, 10)
# From this many whole weeks on a line strays less than the last week does from the next.
WEEKS_FOR_A_TREND = 6
INTERVAL_PERCENT = 80
# The 0.9 quantile of Student's t by degrees of freedom, 1 to 12 (as in any table of it): a tenth of all cases
# lies above it and a tenth below its negative, which leaves 80 % between.
_T90 = tuple(
    Fraction(value, 1000)
    for value in (3078, 1886, 1638, 1533, 1476, 1440, 1415, 1397, 1383, 1372, 1363, 1356)
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The pay expected in the next 7 days of 24 hours, in USDC. `days` add up to `amount`; the truth lies
    from `low` to `high` four times in five. `history_days` counts the days that it is taken from."""

    amount: Decimal
    low: Decimal
    high: Decimal
    days: tuple[Decimal, ...]
    history_days: int

    @property
    def is_conservative(self) -> bool:
        """Whether it was cut because the history is short."""
        return 0 < self.history_days < SHORT_HISTORY


def forecast_week(history: Sequence[Decimal]) -> Forecast:
    """Return the forecast after these days of 24 hours: pay by day, the oldest first, the last day ending
    now.

    Only the last 90 count. Without any history nothing is expected.
    """
    seen = [to_micro(amount) for amount in history[-LONGEST_HISTORY:]]
    if not seen:
        return Forecast(ZERO, ZERO, ZERO, (ZERO,) * WEEK, 0)
    return _from_the_mean(seen) if len(seen) < SHORT_HISTORY else _from_the_weeks(seen)


def _from_the_mean(seen: Sequence[int]) -> Forecast:
    """Forecast the mean of all days for each day, cut by caution. The interval is that of the mean itself:
    caution lowers the promise, not the expectation."""
    count = len(seen)
    mean = Fraction(sum(seen), count)
    whole = floor(mean * WEEK)
    if count == 1:
        margin = whole
    else:
        variance = _sum_of_squares(pay - mean for pay in seen) / (count - 1)
        margin = _interval_margin(variance * (WEEK + Fraction(WEEK**2, count)), freedom=count - 1)
    return _make_forecast([floor(mean * CAUTION)] * WEEK, whole - margin, whole + margin, count)


def _from_the_weeks(seen: Sequence[int]) -> Forecast:
    """Forecast the average of its day of the week for each day, moved along a straight line that all days of
    the week share (least squares). The interval comes from the distances of whole weeks from that line."""
    count, weeks = len(seen), len(seen) // WEEK
    has_trend = weeks >= WEEKS_FOR_A_TREND
    means = [_weekday_means(seen, phase) for phase in range(WEEK)]
    slope = _daily_slope(seen) if has_trend else Fraction(0)
    mean_days, mean_week = (sum(values, Fraction(0)) for values in zip(*means, strict=True))

    def on_the_line(start: int) -> Fraction:
        return mean_week + slope * (sum(range(start, start + WEEK)) - mean_days)

    ahead = [
        max(floor(pay + slope * (day - mean_day)), 0)
        for day in range(count, count + WEEK)
        for mean_day, pay in [means[day % WEEK]]
    ]
    starts = range(count - weeks * WEEK, count, WEEK)
    off = [sum(seen[start : start + WEEK]) - on_the_line(start) for start in starts]
    # A new week strays by itself, the mean by its share, the line the more the farther it is drawn out.
    strays = 1 + Fraction(1, weeks) + (Fraction(3 * (weeks + 1), weeks * (weeks - 1)) if has_trend else 0)
    freedom = weeks - (2 if has_trend else 1)
    margin = _interval_margin(_sum_of_squares(off) / freedom * strays, freedom=freedom)
    return _make_forecast(ahead, sum(ahead) - margin, sum(ahead) + margin, count)


def _weekday_means(seen: Sequence[int], phase: int) -> tuple[Fraction, Fraction]:
    """Return the mean of the days with this day of the week, as numbers of the history, and of their pay."""
    days = range(phase, len(seen), WEEK)
    return Fraction(sum(days), len(days)), Fraction(sum(seen[phase::WEEK]), len(days))


def _daily_slope(seen: Sequence[int]) -> Fraction:
    """Return the growth of pay from day to day, each day of the week compared with its like."""
    together = squares = Fraction(0)
    for phase in range(WEEK):
        days, pay = range(phase, len(seen), WEEK), seen[phase::WEEK]
        together += sum(map(mul, days, pay)) - Fraction(sum(days) * sum(pay), len(days))
        squares += sum(map(mul, days, days)) - Fraction(sum(days) ** 2, len(days))
    return together / squares


def _sum_of_squares(values: Iterable[Fraction]) -> Fraction:
    return sum((value * value for value in values), Fraction(0))


def _interval_margin(variance: Fraction, *, freedom: int) -> int:
    """Return half the width of the interval around a total with this variance, in micro-USDC, rounded up."""
    quantile = _T90[min(freedom, len(_T90)) - 1]
    return isqrt(floor(variance * quantile * quantile)) + (variance > 0)


def _make_forecast(ahead: Sequence[int], low: int, high: int, history_days: int) -> Forecast:
    total = sum(ahead)
    return Forecast(
        amount=from_micro(total),
        low=from_micro(max(min(low, total), 0)),
        high=from_micro(high),
        days=tuple(from_micro(pay) for pay in ahead),
        history_days=history_days,
    )
