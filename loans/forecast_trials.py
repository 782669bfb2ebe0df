"""How far off the forecast was on history that it had not seen, pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loans.forecast import WEEK, forecast

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Trial:
    """One forecast against what then came, in USDC. `last_week` is what the 7 days before had brought, which
    is the simplest forecast of all."""

    expected: Decimal
    low: Decimal
    high: Decimal
    earned: Decimal
    last_week: Decimal

    @property
    def is_within(self) -> bool:
        return self.low <= self.earned <= self.high


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Many trials in figures, all percent with one decimal. Errors in percent are taken of weeks with pay
    only, of which there are `paid_weeks`; they are None without any."""

    trials: int
    paid_weeks: int
    mape: Decimal | None
    mape_of_last_week: Decimal | None
    bias: Decimal | None
    coverage: Decimal | None


def trials(history: Sequence[Decimal], *, reach: int, step: int, shortest: int) -> Iterator[Trial]:
    """The forecast made after each `step`th of the last `reach` days, with nothing but the days before, and
    the 7 days that followed; the newest first, none with less than `shortest` days before it."""
    first = max(shortest, len(history) - reach, 1)
    for today in range(len(history) - WEEK, first - 1, -step):
        made = forecast(history[:today])
        yield Trial(
            expected=made.amount,
            low=made.low,
            high=made.high,
            earned=sum(history[today : today + WEEK], Decimal(0)),
            last_week=sum(history[max(today - WEEK, 0) : today], Decimal(0)),
        )


def accuracy(of: Sequence[Trial]) -> Accuracy:
    """The mean absolute error in percent (MAPE), that of repeating the last week, by how much the sums were
    too high, and in how many cases the interval held the truth."""
    paid = [one for one in of if one.earned]
    earned = sum((one.earned for one in of), Decimal(0))
    expected = sum((one.expected for one in of), Decimal(0))
    return Accuracy(
        trials=len(of),
        paid_weeks=len(paid),
        mape=_mean([abs(one.expected - one.earned) / one.earned for one in paid]),
        mape_of_last_week=_mean([abs(one.last_week - one.earned) / one.earned for one in paid]),
        bias=_percent((expected - earned) / earned) if earned else None,
        coverage=_mean([Decimal(one.is_within) for one in of]),
    )


def _mean(shares: Sequence[Decimal]) -> Decimal | None:
    return _percent(sum(shares, Decimal(0)) / len(shares)) if shares else None


def _percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(TENTH)
