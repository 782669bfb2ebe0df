"""The unit of work: a transaction, the items collected while it runs, and the work done after it."""

import functools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from gigstream.core.postgres.lock_waits import current_patience
from gigstream.core.postgres.transactions import sqlstate

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

ATTEMPTS = 5
# serialization_failure, deadlock_detected, lock_not_available
RETRYABLE = {"40001", "40P01", "55P03"}


@dataclass(frozen=True, eq=False, slots=True)
class Channel(Generic[T]):
    """A kind of item that units collect: `write` takes all items of a unit at its end, in the order of
    `order`.

    Rows that every unit locks are written last. Without `write` the items are for rehearsals alone. `show`
    returns the part of an item that the caller of a rehearsal may see, or None.
    """

    name: str
    write: Callable[[list[T]], None] | None = None
    order: int = 0
    show: Callable[[T, Any], dict[str, Any] | None] | None = None


@dataclass(eq=False, slots=True)
class Unit:
    """The work between the begin and the end of a transaction or savepoint."""

    outer: "Unit | None" = None
    label: str = ""
    is_rehearsal: bool = False
    joins: bool = False
    collected: dict[Channel[Any], list[Any]] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def preview_for(self, caller: Any) -> dict[str, list[dict[str, Any]]]:
        """Return the collected items that the caller may see, by the names of their channels."""
        return {name: self._rehearsed_items(channel, caller) for name, channel in _rehearsed_channels.items()}

    def _rehearsed_items(self, channel: "Channel[Any]", caller: Any) -> list[dict[str, Any]]:
        if channel.show is None:
            return []
        shown = (channel.show(item, caller) for item in self.collected.get(channel, ()))
        return [one for one in shown if one is not None]


_rehearsed_channels: dict[str, Channel[Any]] = {}


def show_in_rehearsals(channel: Channel[T]) -> Channel[T]:
    """Have every rehearsal show the items collected for this channel; return the channel."""
    _rehearsed_channels[channel.name] = channel
    return channel


_current: ContextVar[Unit | None] = ContextVar("unit", default=None)


def collect(channel: Channel[T], items: Sequence[T]) -> None:
    """Have the items written when the outermost unit ends; outside of units write them at once.

    Items of an inner unit that fails are dropped, as its savepoint is rolled back.
    """
    unit = _current.get()
    if unit is not None:
        unit.collected.setdefault(channel, []).extend(items)
    elif channel.write is not None and items:
        channel.write(list(items))


def after(work: Callable[[], None]) -> None:
    """Do `work` when the outermost unit has ended, committed or rolled back; outside of units do it at once.

    Its writes outlive a rollback. An attempt that is retried drops its work.
    """
    unit = _current.get()
    if unit is None or unit.is_rehearsal:
        work()
    else:
        unit.afterwards.append(work)


def is_within(*, label: bool) -> bool:
    """Whether a unit is under way; with `label`, whether it or a unit around it has a label."""
    unit = _current.get()
    while unit is not None and label and not unit.label:
        unit = unit.outer
    return unit is not None


def is_rehearsed() -> bool:
    """Whether the current work is only rehearsed."""
    unit = _current.get()
    while unit is not None and not unit.is_rehearsal:
        unit = unit.outer
    return unit is not None


@contextmanager
def joined() -> Iterator[None]:
    """Let units that begin directly inside have no savepoint of their own.

    For a caller that lets every exception of theirs pass, which rolls back the outer unit as well.
    """
    unit = _current.get()
    if unit is None:
        yield
        return
    before, unit.joins = unit.joins, True
    try:
        yield
    finally:
        unit.joins = before


@contextmanager
def rehearsal() -> Iterator[Unit]:
    """Roll back the block at its end; the items that would have been written stay in the unit."""
    unit = Unit(is_rehearsal=True)
    token = _current.set(unit)
    try:
        with transaction.atomic():
            yield unit
            transaction.set_rollback(True)
    finally:
        _current.reset(token)


class CommitFirst(Exception):
    """Work that must be committed before the function that raises this can decide. Raised before anything is
    changed: the outermost unit around it does the work and runs the function again."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__("this must be raised within a unit")
        self.work = work


def in_unit(function: Callable[P, R], *, label: str = "") -> Callable[P, R]:
    """Run the function as a unit of work; rerun all of it, up to 5 times, after a lock conflict.

    Inside another unit it is a savepoint, or not even that (`joined`): only the outermost unit is rerun,
    unless the request's patience is over (`bounded_lock_waits`). Work that must be committed before it
    (`CommitFirst`) is done in a transaction of its own.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        call = functools.partial(function, *args, **kwargs)
        outer = _current.get()
        if outer is not None and not outer.is_rehearsal:
            return _run_inside(outer, call, label)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _run_outermost(call, label)
            except CommitFirst as first:
                if attempt == ATTEMPTS:
                    raise
                first.work()
        raise AssertionError("unreachable")

    return wrapper


def _run_inside(outer: Unit, call: Callable[[], R], label: str) -> R:
    unit = Unit(outer, label)
    try:
        with transaction.atomic(savepoint=not outer.joins):
            result = _run_in(unit, call)
    finally:
        outer.afterwards += unit.afterwards
    for channel, items in unit.collected.items():
        collect(channel, items)
    return result


def _run_outermost(call: Callable[[], R], label: str) -> R:
    unit = Unit(_current.get(), label)
    try:
        if connection.in_atomic_block:
            with transaction.atomic():
                return _run_and_write(unit, call)
        patience = current_patience()
        for attempt in range(1, ATTEMPTS + 1):
            unit = Unit(_current.get(), label)
            try:
                with transaction.atomic():
                    if patience is not None:
                        patience.limit_transaction()
                    return _run_and_write(unit, call)
            except OperationalError as error:
                if sqlstate(error) not in RETRYABLE or attempt == ATTEMPTS:
                    raise
                if patience is not None and patience.is_over:
                    raise
            unit.afterwards.clear()
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise AssertionError("unreachable")
    finally:
        for work in unit.afterwards:
            work()


def _run_and_write(unit: Unit, call: Callable[[], R]) -> R:
    """Run the function, then write the collected items, or pass them to the rehearsal around it."""
    result = _run_in(unit, call)
    for channel in sorted(unit.collected, key=lambda one: one.order):
        collect(channel, unit.collected[channel])
    return result


def _run_in(unit: Unit, call: Callable[[], R]) -> R:
    token = _current.set(unit)
    try:
        return call()
    finally:
        _current.reset(token)
