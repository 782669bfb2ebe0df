"""Trials of the forecast on history that it had not seen, pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loans.policy.calculations.forecast import WEEK, forecast_week

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Trial:
    """Forecast against the pay that came, in USDC. `last_week` is the pay of the 7 days before, the simplest
    forecast of all."""

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


def run_trials(history: Sequence[Decimal], *, reach: int, step: int, shortest: int) -> Iterator[Trial]:
    """Yield the forecast after each `step`th of the last `reach` days, from the days before alone, with the
    7 days that followed; the newest first, none with less than `shortest` days before it."""
    first = max(shortest, len(history) - reach, 1)
    for today in range(len(history) - WEEK, first - 1, -step):
        made = forecast_week(history[:today])
        yield Trial(
            expected=made.amount,
            low=made.low,
            high=made.high,
            earned=sum(history[today : today + WEEK], Decimal(0)),
            last_week=sum(history[max(today - WEEK, 0) : today], Decimal(0)),
        )


def measure_accuracy(of: Sequence[Trial]) -> Accuracy:
    """Return the mean absolute error in percent (MAPE), that of repeating the last week, the excess of the
    sums, and the share of cases in which the interval held the truth."""
    paid = [trial for trial in of if trial.earned]
    earned = sum((trial.earned for trial in of), Decimal(0))
    expected = sum((trial.expected for trial in of), Decimal(0))
    return Accuracy(
        trials=len(of),
        paid_weeks=len(paid),
        mape=_mean_percent([abs(trial.expected - trial.earned) / trial.earned for trial in paid]),
        mape_of_last_week=_mean_percent(
            [abs(trial.last_week - trial.earned) / trial.earned for trial in paid]
        ),
        bias=_as_percent((expected - earned) / earned) if earned else None,
        coverage=_mean_percent([Decimal(trial.is_within) for trial in of]),
    )


def _mean_percent(shares: Sequence[Decimal]) -> Decimal | None:
    return _as_percent(sum(shares, Decimal(0)) / len(shares)) if shares else None


def _as_percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(TENTH)
