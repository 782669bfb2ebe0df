"""Batches of usage events: their fields, read into columns, with a refusal for each item that cannot be
read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from gigstream.core.money import InvalidAmount, exact_amount
from platforms.usage.calculations.packing import BadLine
from platforms.usage.enums import KIND_WORDS, Reason, UsageKind

OLDEST: Final = timedelta(days=35)
AHEAD: Final = timedelta(minutes=5)
LONGEST_ID: Final = 100
LONGEST_WORK: Final = 120
LONGEST_LISTENER: Final = 200
MOST_SECONDS: Final = 86_400
NAMES: Final = frozenset({"id", "work", "kind", "listener", "occurred_at", "seconds", "amount"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch
# Plain numbers, as enumerations take longer to compare and to write.
_KINDS = {word: int(kind) for word, kind in KIND_WORDS.items()}
_PLAY, _PURCHASE = int(UsageKind.PLAY), int(UsageKind.PURCHASE)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is not taken, and why."""

    reason: Reason
    detail: str
    # Of the event on record under this id, for a conflict.
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The times that a batch may have."""

    oldest: datetime
    newest: datetime

    @classmethod
    def at(cls, now: datetime) -> "Window":
        """Return the window of batches received at this time."""
        return cls(now - OLDEST, now + AHEAD)

    @classmethod
    def of_backfill(cls, now: datetime) -> "Window":
        """Return the window of backfills declared at this time."""
        return cls(datetime(2000, 1, 1, tzinfo=UTC), now + AHEAD)


@dataclass(slots=True)
class Columns:
    """The events of a batch that could be read: a list for each field, all of one length. `positions` are
    those in the batch, from 0; amounts are texts with six decimals."""

    positions: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    works: list[str] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    listeners: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    amounts: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.positions)

    def pick(self, kept: Sequence[int]) -> "Columns":
        """Return the events at these places."""
        return Columns(
            pick_values(self.positions, kept),
            pick_values(self.ids, kept),
            pick_values(self.works, kept),
            pick_values(self.kinds, kept),
            pick_values(self.listeners, kept),
            pick_values(self.times, kept),
            pick_values(self.seconds, kept),
            pick_values(self.amounts, kept),
        )


def pick_values(values: Sequence[V], kept: Sequence[int]) -> list[V]:
    """Return the values at these places."""
    return [values[place] for place in kept]


class _BadValue(ValueError):
    """A field that does not have the form that it must have."""


def read_events(items: Sequence[Any], *, window: Window) -> tuple[Columns, dict[int, Refused]]:
    """Return the events that can be read and lie in the window, and by its position the refusal of each
    other item. An item that is a refusal already stays one."""
    columns, refused = Columns(), dict[int, Refused]()
    seen: set[str] = set()
    positions, ids, works, kinds = columns.positions, columns.ids, columns.works, columns.kinds
    listeners, times = columns.listeners, columns.times
    seconds, amounts = columns.seconds, columns.amounts
    oldest, newest = window.oldest, window.newest
    for position, item in enumerate(items):
        try:
            _require_object(item)
            external_id, work, listener = item.get("id"), item.get("work"), item.get("listener")
            if not (_is_id(external_id, LONGEST_ID) and _is_id(work, LONGEST_WORK) and item.keys() <= NAMES):
                raise _explain_ids(item)
            if not _is_id(listener, LONGEST_LISTENER):
                raise _explain_ids(item)
            kind = _KINDS.get(item.get("kind"))
            at = _read_time(item.get("occurred_at"))
            length, amount = _read_measures(item, kind)
        except (_BadValue, TypeError) as error:
            refused[position] = _bad_item(item, error)
            continue
        if external_id in seen:
            refused[position] = Refused(Reason.DUPLICATE_IN_BATCH, "the id stands earlier in the batch")
            continue
        seen.add(external_id)
        if not oldest <= at <= newest:
            refused[position] = _outside(at, window)
            continue
        positions.append(position)
        ids.append(external_id)
        works.append(work)
        kinds.append(kind)  # type: ignore[arg-type]
        listeners.append(listener)
        times.append(at)
        seconds.append(length)
        amounts.append(amount)
    return columns, refused


def _require_object(item: Any) -> None:
    if item.__class__ is not dict:
        raise _BadValue("the event is not an object")


def _bad_item(item: Any, error: Exception) -> Refused:
    if isinstance(item, Refused):
        return item
    if isinstance(item, BadLine):
        return Refused(Reason.BAD_JSON, item.why)
    return Refused(
        Reason.BAD_VALUE, str(error) if isinstance(error, _BadValue) else "kind: not one of the kinds of use"
    )


def _outside(at: datetime, window: Window) -> Refused:
    if at > window.newest:
        return Refused(Reason.IN_FUTURE, f"the time is after {window.newest.isoformat()}")
    return Refused(Reason.TOO_OLD, f"the time is before {window.oldest.isoformat()}")


def _read_time(given: Any) -> datetime:
    if given.__class__ is not str or _INSTANT(given) is None:
        raise _BadValue("occurred_at: must be a time in RFC 3339, as 2030-01-31T09:00:00Z")
    try:
        at = datetime.fromisoformat(given)
        return at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _BadValue("occurred_at: there is no such time") from error


def _is_id(text: Any, longest: int) -> bool:
    """Whether the value is a text that may be an id: printable, which leaves out control characters and
    halves of surrogate pairs, and not blanks alone."""
    return text.__class__ is str and 0 < len(text) <= longest and text.isprintable() and not text.isspace()


def _explain_ids(item: dict[str, Any]) -> _BadValue:
    """Return what is wrong with the names or the ids of an event."""
    for name in item:
        if name not in NAMES:
            return _BadValue(f"{name[:60]}: unknown field")
    longest = {"id": LONGEST_ID, "work": LONGEST_WORK, "listener": LONGEST_LISTENER}
    name = next(name for name, most in longest.items() if not _is_id(item.get(name), most))
    return _BadValue(f"{name}: must be a text of 1 to {longest[name]} printable characters")


def _read_measures(item: dict[str, Any], kind: int | None) -> tuple[int, str | None]:
    """Return the seconds of a play, and the amount of a purchase or tip."""
    if kind is None:
        raise _BadValue("kind: not one of the kinds of use")
    length, amount = item.get("seconds"), item.get("amount")
    if kind == _PLAY:
        if amount is not None:
            raise _BadValue("amount: only a purchase or a tip has one")
        if length is None:
            return 0, None
        if length.__class__ is not int or not 0 <= length <= MOST_SECONDS:
            raise _BadValue(f"seconds: must be a whole number from 0 to {MOST_SECONDS}")
        return length, None
    if length is not None:
        raise _BadValue("seconds: only a play has them")
    if kind < _PURCHASE:
        if amount is not None:
            raise _BadValue("amount: only a purchase or a tip has one")
        return 0, None
    return 0, _read_amount(amount)


def _read_amount(given: Any) -> str:
    if given.__class__ is not str:
        raise _BadValue('amount: must be a text, as "12.50"')
    try:
        amount: Decimal = exact_amount(given)
    except InvalidAmount as refusal:
        raise _BadValue(f"amount: {refusal.message}") from refusal
    return f"{amount:.6f}"
