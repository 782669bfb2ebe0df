"""Formulas of milestones: changes of metrics, conditions that are crossed, market values, tokens."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from operator import add

from gigstream.core.money import MICRO
from gigstream.core.people.names import InvalidName, normal_name
from reputation.milestones.enums import Metric, Window

METRICS = tuple(Metric)
RECENT_DAYS = 30
MARKET_DIVISOR = 10
NONE = Decimal(0)
LONGEST_SYMBOL, SHORTEST_SYMBOL = 11, 2
LONGEST_TOKEN_NAME = 60
_SPANS = {Window.ALL_TIME: "in all", Window.DAYS_30: "in 30 days", Window.MONTH: "in a month"}

# Values of the metrics, in their order.
Row = tuple[int | Decimal, ...]
# The value of each metric over each window.
Values = Mapping[tuple[Metric, Window], Decimal]


@dataclass(frozen=True, slots=True)
class Condition:
    """Metric that is at least a threshold over a window."""

    metric: Metric
    window: Window
    threshold: Decimal

    def holds(self, values: Values) -> bool:
        return values[(self.metric, self.window)] >= self.threshold


@dataclass(frozen=True, slots=True)
class MetricChange:
    """Addition to the metrics of a creator, by its number, on a day; below 0 where it was taken back."""

    creator: int
    day: date
    row: Row

    @property
    def is_fall(self) -> bool:
        return min(self.row) < 0

    @property
    def risen(self) -> int:
        """The metrics that it adds to, as bits in their order."""
        return sum(1 << place for place, value in enumerate(self.row) if value > 0)


@dataclass(slots=True)
class CreatorChanges:
    """Additions to the metrics of one creator: in all, in the last 30 days, and by the months they are in."""

    total: dict[Metric, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    recent: dict[Metric, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    months: dict[date, dict[Metric, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )

    @classmethod
    def of(cls, changes: Iterable[MetricChange], first: date, last: date) -> "CreatorChanges":
        """Return the sums of a creator's changes; `first` and `last` are the recent days."""
        found = cls()
        for change in changes:
            month = found.months[month_of(change.day)]
            for metric, value in zip(METRICS, change.row, strict=True):
                found.total[metric] += value
                month[metric] += value
                if first <= change.day <= last:
                    found.recent[metric] += value
        return found


def add_up(changes: Iterable[MetricChange]) -> dict[int, Row]:
    """Return the sums of the changes by creator, in the order of their numbers."""
    sums: dict[int, Row] = {}
    for change in changes:
        known = sums.get(change.creator)
        sums[change.creator] = change.row if known is None else tuple(map(add, known, change.row))
    return dict(sorted(sums.items()))


def find_risen(changes: Iterable[MetricChange]) -> dict[int, int]:
    """Return the metrics that some change of each creator adds to, as bits in their order: also those that
    others take as much from, on other days."""
    risen: dict[int, int] = {}
    for change in changes:
        risen[change.creator] = risen.get(change.creator, 0) | change.risen
    return risen


def by_creator(changes: Iterable[MetricChange]) -> dict[int, list[MetricChange]]:
    """Return the changes of each creator."""
    found: dict[int, list[MetricChange]] = defaultdict(list)
    for change in changes:
        found[change.creator].append(change)
    return found


def recent_from(today: date) -> date:
    """Return the first of the 30 days that end today."""
    return today - timedelta(days=RECENT_DAYS - 1)


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def before(after: Values, changes: CreatorChanges, month: date) -> dict[tuple[Metric, Window], Decimal]:
    """Return the values as they were before these changes; `month` is that of the values."""
    added = {
        Window.ALL_TIME: changes.total,
        Window.DAYS_30: changes.recent,
        Window.MONTH: changes.months.get(month, {}),
    }
    return {
        (metric, window): value - added[window].get(metric, NONE) for (metric, window), value in after.items()
    }


def is_reached(conditions: Sequence[Condition], was: Values, after: Values) -> bool:
    """Whether all conditions hold after a change, and one of them did not before."""
    return all(one.holds(after) for one in conditions) and any(not one.holds(was) for one in conditions)


def find_lost(conditions: Sequence[Condition], was: Values, after: Values) -> list[Condition]:
    """Return the conditions that held before a change and do not after it."""
    return [one for one in conditions if one.holds(was) and not one.holds(after)]


def market_value(amount: Decimal, rate: Decimal) -> Decimal:
    """Return the USDC of an amount at a rate in USDC, rounded down to a micro-USDC."""
    return (amount * rate).quantize(MICRO, rounding=ROUND_DOWN)


def market_part(value: Decimal) -> Decimal:
    """Return the part of a market value in a month's revenue: a tenth, rounded down to a micro-USDC."""
    return (value / MARKET_DIVISOR).quantize(MICRO, rounding=ROUND_DOWN)


def value_text(metric: Metric, value: Decimal) -> str:
    """Return a value for people and programs: revenue with six decimals, all else as a whole number."""
    return f"{value:.6f}" if metric == Metric.REVENUE else f"{int(value)}"


def loss_text(condition: Condition, value: Decimal) -> str:
    """Return a fall below a condition in words, as "plays in 30 days fell to 49990, below 50000"."""
    texts = [value_text(condition.metric, one) for one in (value, condition.threshold)]
    return f"{condition.metric.value} {_SPANS[condition.window]} fell to {texts[0]}, below {texts[1]}"


def token_symbol(name: str, number: int) -> str:
    """Return a token's symbol: the Latin letters and digits of the creator's name from the first letter on,
    in upper case; where too few are left, the creator's number."""
    letters = re.sub(r"^[^A-Z]+", "", re.sub(r"[^A-Z0-9]", "", name.upper()))
    return letters[:LONGEST_SYMBOL] if len(letters) >= SHORTEST_SYMBOL else f"C{number}"[:LONGEST_SYMBOL]


def token_name(name: str, number: int) -> str:
    """Return a creator's name as a token can have it: its beginning, or the symbol where nothing of that can
    be seen."""
    try:
        return normal_name(name[:LONGEST_TOKEN_NAME])
    except InvalidName:
        return token_symbol(name, number)
