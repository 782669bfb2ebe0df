"""Tens of thousands of streams, 200,000 in the long form, each with a history of its own: late, missed,
doubled and backward ticks, claims, pauses, top-ups and an end. Stepped by the
calculations of single streams and by the tests' whole slots, they pay the amounts of `ExactStream`.

hypothesis draws the bounds of a block and a seed; a block is a hundred schedules within the bounds, the first
of which lies on them. A schedule that fails is cut down to the acts and numbers that it needs to fail.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gigstream.core.money import LARGEST, ZERO, from_micro, to_micro
from payments.earnings.calculations import fee_on
from payments.streams.calculations import (
    duration_at_first_rate,
    elapsed_seconds,
    next_release_at,
    vested_amount,
)
from tests.support.exact_stream import DAY, LONGEST, MOST, SECOND, ExactStream, Refused
from tests.support.long_forms import count
from tests.support.stream_slots import whole_slots

EPOCH = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENDS = ["paid to its end", "cancelled", "completed early", "left as it is"]
BLOCK = 100
BLOCKS = count(short=25, long=550)
TRIMS = 300


class Act(NamedTuple):
    """`gap` microseconds after the act before; `back` is how far the clock has stepped back for it."""

    kind: str
    gap: int
    back: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Amounts in micro-USDC, times in microseconds, duration and interval in seconds."""

    total: int
    duration: int
    interval: int
    start: int
    fee_bps: int
    acts: tuple[Act, ...]

    def without_ticks(self) -> "Schedule":
        """Return the same acts at the same times, without any run of the releaser."""
        return replace(
            self, acts=tuple(act._replace(kind="wait") if act.kind == "tick" else act for act in self.acts)
        )


class Stepper:
    """A stream that is moved by the payments app's calculations and by nothing else."""

    def __init__(self, schedule: Schedule) -> None:
        self.total = from_micro(schedule.total)
        self.start_at = instant(schedule.start)
        self.duration, self.interval = schedule.duration, schedule.interval
        self.first_total, self.first_duration = self.total, self.duration
        self.last_act_at = self.start_at
        self.released, self.sequence, self.over = ZERO, 0, False
        self.paused_at: datetime | None = None
        self.paused_for = timedelta(0)
        self.due_at = self._next(0)

    def _next(self, elapsed: int) -> datetime:
        return next_release_at(
            start_at=self.start_at,
            paused_for=self.paused_for,
            interval=self.interval,
            duration=self.duration,
            elapsed=elapsed,
        )

    def elapsed(self, at: datetime) -> int:
        return elapsed_seconds(
            start_at=self.start_at,
            paused_for=self.paused_for,
            duration=self.duration,
            at=self.paused_at or at,
        )

    def unpaid(self, elapsed: int) -> Decimal:
        earned = vested_amount(self.total, duration=self.duration, elapsed=elapsed)
        return max(earned - self.released, ZERO)

    def pay(self, amount: Decimal) -> Decimal:
        self.released += amount
        self.sequence += amount > 0
        self.over |= self.released == self.total
        return amount

    def tick(self, at: datetime) -> Decimal:
        """Run the releaser, which looks at due streams only."""
        if self.paused_at or self.over or self.due_at > at:
            return ZERO
        elapsed = self.elapsed(at)
        self.last_act_at = max(at, self.last_act_at)
        slots = whole_slots(elapsed, interval=self.interval, duration=self.duration)
        self.due_at = self._next(elapsed)
        return self.pay(self.unpaid(slots))

    def claim(self, at: datetime) -> Decimal:
        at = self.last_act_at = max(at, self.last_act_at)
        elapsed = self.elapsed(at)
        self.due_at = self._next(elapsed)
        return self.pay(self.unpaid(elapsed))

    def settle(self) -> None:
        self.pay(self.total - self.released)

    def pause(self, at: datetime) -> Decimal:
        at = self.last_act_at = max(at, self.last_act_at)
        paid = self.pay(self.unpaid(self.elapsed(at)))
        self.paused_at = at
        return paid

    def resume(self, at: datetime) -> None:
        at = self.last_act_at = max(at, self.last_act_at)
        self.paused_for += at - self.paused_at
        self.paused_at = None
        self.due_at = self._next(self.elapsed(at))

    def top_up(self, amount: int, at: datetime) -> Decimal:
        at = self.last_act_at = max(at, self.last_act_at)
        total = self.total + from_micro(amount)
        duration = duration_at_first_rate(
            total, first_total=self.first_total, first_duration=self.first_duration
        )
        elapsed, paid = self.elapsed(at), ZERO
        owed = self.released + self.unpaid(elapsed)
        if vested_amount(total, duration=duration, elapsed=elapsed) < owed:
            paid = self.pay(owed - self.released)
        self.total, self.duration = total, duration
        if self.due_at > at:
            self.due_at = self._next(self.elapsed(at))
        return paid

    def cancel(self, at: datetime) -> Decimal:
        self.over = True
        return self.pay(self.unpaid(self.elapsed(at)))

    def complete(self, at: datetime) -> Decimal:
        return self.pay(self.total - self.released)


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def tell(schedule: Schedule) -> tuple[ExactStream, Stepper, Counter[str]]:
    """Both streams after the acts, equal after each of them; and how often each kind of act was allowed."""
    exact = ExactStream(schedule.total, schedule.duration, schedule.interval, schedule.start)
    stepper = Stepper(schedule)
    done: Counter[str] = Counter()
    clock = schedule.start
    for act in schedule.acts:
        clock += act.gap
        exact.see(clock)
        if act.kind == "wait":
            continue
        try:
            paid = expected(exact, act, clock - act.back)
        except Refused:
            done["refused"] += 1
            if not exact.is_open and not stepper.over:
                stepper.settle()
            continue
        done[act.kind] += 1
        assert move(stepper, act, instant(clock - act.back)) == paid, act
        agree(stepper, exact)
    return exact, stepper, done


def agree(stepper: Stepper, exact: ExactStream) -> None:
    assert stepper.released == from_micro(exact.released)
    assert stepper.sequence == exact.releases
    assert (to_micro(stepper.total), stepper.duration) == (exact.total, exact.duration)
    assert stepper.over is not exact.is_open


def expected(exact: ExactStream, act: Act, at: int) -> int:
    if act.kind == "top_up":
        return exact.top_up(act.amount, at) or 0
    return getattr(exact, act.kind)(at) or 0


def move(stepper: Stepper, act: Act, at: datetime) -> int:
    """Move the stepper and return its pay, a Decimal of whole micro-USDC."""
    paid = stepper.top_up(act.amount, at) if act.kind == "top_up" else getattr(stepper, act.kind)(at)
    paid = ZERO if paid is None else paid
    assert type(paid) is Decimal
    assert paid == from_micro(to_micro(paid)), "nothing is finer than a micro-USDC"
    return to_micro(paid)


def prove(schedule: Schedule) -> Counter[str]:
    """Require everything that must hold of a schedule; return how often each of its acts was allowed."""
    exact, stepper, done = tell(schedule)
    clock = exact.latest
    # S5, and the fee: the held amount is the sum of pay, fee and refund, to the last micro-USDC.
    assert exact.released + exact.refunded + exact.held == exact.total
    charged = fee_on(stepper.released, schedule.fee_bps)
    assert ZERO <= charged <= fee_on(stepper.total, schedule.fee_bps)
    assert to_micro(charged) == exact.released * schedule.fee_bps // 10_000
    if exact.status == "completed":
        assert stepper.released == stepper.total, "exact at the end"
    # S3, path independence: had no tick come by, the worker would have the same or could claim it.
    alone, _, _ = tell(schedule.without_ticks())
    assert alone.owed(clock) == exact.owed(clock)
    assert alone.total == exact.total
    if not alone.is_open and not exact.is_open:
        assert (alone.released, alone.refunded) == (exact.released, exact.refunded)
    return done


def fault(schedule: Schedule, done: Counter[str] | None = None) -> str | None:
    """Return the rule that fails to hold of the schedule, if any; count the allowed acts in `done`."""
    try:
        allowed = prove(schedule)
    except (AssertionError, ArithmeticError) as error:
        return str(error) or type(error).__name__
    if done is not None:
        done.update(allowed)
    return None


def smallest(schedule: Schedule) -> Schedule:
    """Return a simpler schedule that still fails: acts left out and numbers made smaller, in turn."""
    for _ in range(TRIMS):
        simpler = next((one for one in neighbours(schedule) if fault(one)), None)
        if simpler is None:
            break
        schedule = simpler
    return schedule


def neighbours(schedule: Schedule) -> Iterator[Schedule]:
    """Yield the schedule with an act left out, or with a number made smaller."""
    acts = schedule.acts
    for at in range(len(acts)):
        yield replace(schedule, acts=acts[:at] + acts[at + 1 :])
    for at, act in enumerate(acts):
        for name in ("gap", "back", "amount"):
            for less in _less(getattr(act, name)):
                yield replace(schedule, acts=(*acts[:at], act._replace(**{name: less}), *acts[at + 1 :]))
    for name in ("total", "duration", "interval", "start", "fee_bps"):
        for less in _less(getattr(schedule, name)):
            if less or name in ("start", "fee_bps"):
                yield replace(schedule, **{name: less})


def _less(number: int) -> Iterator[int]:
    """Smaller numbers, the greatest steps first: none, a half, fewer digits."""
    rounded = (number - number % 10**digits for digits in range(len(str(number)) - 1, 0, -1))
    yield from dict.fromkeys(less for less in (0, number // 2, *rounded) if less < number)


def any_schedule(source: random.Random, bounds: Schedule, end: str, *, on_the_bounds: bool) -> Schedule:
    total, duration, interval = bounds.total, bounds.duration, bounds.interval
    if not on_the_bounds:
        total, duration, interval = (source.randint(1, most) for most in (total, duration, interval))
    acts = [_any_act(source, total, duration, interval) for _ in range(source.randint(0, 9))]
    return Schedule(
        total,
        duration,
        interval,
        bounds.start,
        bounds.fee_bps,
        (*acts, *_last_acts(source, end, duration, interval)),
    )


KINDS = ["tick"] * 8 + ["claim"] * 3 + ["pause", "resume"] * 3 + ["top_up"] * 2


def _any_act(source: random.Random, total: int, duration: int, interval: int) -> Act:
    kind = source.choice(KINDS)
    gap = _any_gap(source, duration, interval)
    back = 0
    if kind in ("tick", "claim") and source.random() < 0.2:
        back = source.choice([1, SECOND, interval * SECOND, source.randint(0, duration * SECOND)])
    amount = _any_top_up(source, total, duration) if kind == "top_up" else 0
    return Act(kind, gap, back, amount)


def _any_gap(source: random.Random, duration: int, interval: int) -> int:
    """None at all, a blink, whole slots hit or missed by a microsecond, anything up to the whole duration."""
    pick = source.randrange(8)
    if pick < 2:
        return pick * source.randint(0, 2 * SECOND)
    if pick < 6:
        slots = source.randint(1, 1 + min(duration // interval, 3))
        return max(slots * interval * SECOND + source.choice([0, 0, 0, -1, 1]), 0)
    return source.randint(0, duration * SECOND) // (1 if pick == 6 else 8)


def _any_top_up(source: random.Random, total: int, duration: int) -> int:
    second = total // duration
    added = source.choice([1, second, second + 1, total // 2, source.randint(1, total)])
    return min(max(added, 1), max((MOST - total) // 10, 1))


def _last_acts(source: random.Random, end: str, duration: int, interval: int) -> tuple[Act, ...]:
    gap = _any_gap(source, duration, interval)
    if end == "cancelled":
        return (Act("cancel", gap), Act("tick", gap))
    if end == "completed early":
        return (Act("complete", gap), Act("tick", gap))
    if end == "paid to its end":
        return (Act("resume", gap), Act("tick", LONGEST * SECOND), Act("tick", 0))
    return (Act("tick", gap), Act("tick", 0))


bounds_of_a_block = st.builds(
    Schedule,
    total=st.one_of(
        st.sampled_from([1, 2, 999_999, SECOND, to_micro(LARGEST)]),
        st.integers(0, 19).flatmap(lambda digits: st.integers(10**digits, 10 ** (digits + 1) - 1)),
    ),
    duration=st.sampled_from([1, 59, 60, 61, 3600, DAY, LONGEST]) | st.integers(1, LONGEST),
    interval=st.sampled_from([1, 60, 3599, DAY, LONGEST]) | st.integers(60, 2 * DAY),
    start=st.integers(0, 2 * SECOND),
    fee_bps=st.integers(0, 10_000),
    acts=st.just(()),
)


@pytest.mark.shortened
@pytest.mark.parametrize("end", ENDS)
def test_a_stream_pays_exactly_whatever_happens_until_it_is(end):
    proved: set[int] = set()
    done: Counter[str] = Counter()

    @settings(deadline=None, max_examples=BLOCKS, phases=[Phase.reuse, Phase.generate])
    @given(bounds_of_a_block, st.integers(0, 2**64 - 1))
    def prove_block(bounds: Schedule, seed: int) -> None:
        source = random.Random(seed)
        for number in range(BLOCK):
            schedule = any_schedule(source, bounds, end, on_the_bounds=number == 0)
            if fault(schedule, done):
                least = smallest(schedule)
                pytest.fail(f"{fault(least)}\n{least}", pytrace=False)
            proved.add(hash(schedule))

    prove_block()

    assert len(proved) >= BLOCKS * BLOCK * 9 // 10, "different schedules"
    assert all(done[kind] >= 2 * BLOCKS for kind in {*KINDS, "refused"}), done
