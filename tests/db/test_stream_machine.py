"""Several streams of several parties on real PostgreSQL, moved in any order: after every act the database
agrees with `ExactStream`, a refused act is refused by name and moves nothing, the books balance."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit.books import services as books
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import from_micro, to_micro
from payments import services as payments
from payments.models import Stream
from platforms import services as platforms
from tests.support.decisions import resolve_dispute
from tests.support.exact_stream import DAY, LONGEST, SECOND, ExactStream, Refused
from tests.support.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assign,
    balance,
    house_balance,
)
from tests.support.long_forms import LONG, count

EXAMPLES = count(short=4, long=20)
STEPS = 40
FEES_BPS = (200, 333)
FUNDS = (10**9 * SECOND, 60 * SECOND)

gaps = st.sampled_from([0, 1, 59, 60, 600, 3599, 3600, 6 * 3600]).map(SECOND.__mul__) | st.integers(
    0, 3600 * SECOND
)
amounts = st.sampled_from([1, 999_999, 10 * SECOND, 36 * SECOND]) | st.integers(1, 100 * SECOND)
durations = st.sampled_from([1, 150, 3600, DAY, LONGEST]) | st.integers(3600, DAY)
intervals = st.sampled_from([60, 61, 600, DAY]) | st.integers(60, 7200)
either = st.integers(0, 1)
# Up to 5 it is a stream that the act fits, from 6 on any.
picks = st.integers(0, 8)


@dataclass(slots=True)
class Line:
    """A stream: its model, and its key in the database."""

    exact: ExactStream
    stream_id: UUID
    task_id: UUID
    platform: int
    worker: int
    task: str = "in_progress"
    was_disputed: bool = False

    def fee(self, amount: int) -> int:
        return amount * FEES_BPS[self.platform] // 10_000

    @property
    def reserved(self) -> int:
        """The escrow that the platform holds for it: the remaining amount, and the fee on the whole."""
        return self.exact.held + self.fee(self.exact.total) if self.exact.is_open else 0


class Streams(RuleBasedStateMachine):
    """Times are microseconds since `zero`, which lies so far back that no act is ahead of the real clock."""

    done: ClassVar[Counter[str]] = Counter()
    agreed = False

    @initialize()
    def begin(self) -> None:
        self.frame = transaction.atomic()
        self.frame._from_testcase = True
        self.frame.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        self.zero = database_now() - timedelta(days=9 * 365)
        self.now = 0
        self.opened: list[Line] = []
        self.workers = [WorkerFactory(now=self.zero) for _ in range(2)]
        self.platforms = [
            PlatformFactory(funds=from_micro(funds), fee_bps=fee_bps, now=self.zero)
            for funds, fee_bps in zip(FUNDS, FEES_BPS, strict=True)
        ]

        for number in range(2):
            self.open(number, number, 36 * SECOND, DAY, 600, 0)

    def at(self, microseconds: int) -> datetime:
        return self.zero + timedelta(microseconds=microseconds)

    def fitting(self, *statuses: str, disputed: bool = False) -> list[Line]:
        return [
            line
            for line in self.opened
            if line.exact.status in statuses and (line.task == "disputed") == disputed
        ]

    def pick(self, number: int, *statuses: str, disputed: bool = False) -> Line:
        """Return a stream in one of the statuses, or any."""
        fitting = self.fitting(*statuses, disputed=disputed)
        lines = fitting if fitting and number < 6 else self.opened
        return lines[number % len(lines)]

    def available(self, platform: int) -> int:
        """Return the money that the platform has neither reserved nor spent on pay and its fee."""
        mine = [line for line in self.opened if line.platform == platform]
        spent = sum(line.exact.released for line in mine)
        charged = sum(line.fee(line.exact.released) for line in mine if not line.exact.is_open)
        return FUNDS[platform] - spent - charged - sum(line.reserved for line in mine)

    def act(self, name: str, must: Callable[[], Any], does: Callable[[], Any]) -> Any:
        """Require that `does` and `must` return the same, or both refuse by the same code and nothing
        moves."""
        self.agreed = False
        expected, code = None, None
        try:
            expected = must()
        except Refused as refused:
            code = refused.code
        if code:
            if code == "stream_completed":
                # The stream may be settled first, by a transaction of its own.
                with pytest.raises(Refusal):
                    does()
            before = money_rows()
            with pytest.raises(Refusal) as refusal:
                does()
            assert (refusal.value.code, money_rows()) == (code, before)
            self.done[f"refused: {code}"] += 1
            return None
        self.done[name] += 1
        result = does()
        if expected is not None:
            assert to_micro(result) == expected
        return result

    @precondition(lambda self: len(self.opened) < 6)
    @rule(
        platform=either,
        worker=either,
        total=amounts,
        duration=durations,
        interval=intervals,
        gap=gaps,
    )
    def open(self, platform: int, worker: int, total: int, duration: int, interval: int, gap: int) -> None:
        self.now += gap
        task = TaskFactory(
            platform=self.platforms[platform],
            amount=from_micro(total),
            task_type="time_based",
            duration_seconds=duration,
            release_interval=interval,
            now=self.at(self.now),
        )

        def must() -> None:
            if total + total * FEES_BPS[platform] // 10_000 > self.available(platform):
                raise Refused("insufficient_funds")

        def does() -> Stream:
            now = self.at(self.now)
            assign(task, self.workers[worker], now=now)
            platforms.start_task(task_id=task.pk, now=now)
            return Stream.objects.get(task=task)

        stream = self.act("open", must, does)
        if stream is not None:
            exact = ExactStream(total, duration, interval, self.now)
            self.opened.append(Line(exact, stream.pk, task.pk, platform, worker))

    @rule(gap=gaps, back=st.just(0) | gaps, times=st.integers(1, 2))
    def tick(self, gap: int, back: int, times: int) -> None:
        """Run the releaser late, twice, or with a clock that has stepped back."""
        self.now += gap
        self.agreed = False
        for line in self.opened:
            line.exact.see(self.now)
            paid = line.exact.tick(self.now - back)
            self.done["tick"] += paid > 0
            if paid and not line.exact.is_open:
                line.task = "completed"
        for _ in range(times):
            payments.release_due_streams(now=self.at(self.now - back))

    @precondition(lambda self: self.fitting("active"))
    @rule(pick=picks, gap=gaps, back=st.just(0) | gaps)
    def claim(self, pick: int, gap: int, back: int) -> None:
        line = self.pick(pick, "active")
        self.now += gap
        at = self.now - back
        line.exact.see(self.now)
        self.act(
            "claim",
            lambda: line.exact.claim(at),
            lambda: payments.claim_stream(stream_id=line.stream_id, now=self.at(at)),
        )
        if not line.exact.is_open and line.task == "in_progress":
            line.task = "completed"

    @precondition(lambda self: self.fitting("active"))
    @rule(pick=picks, gap=gaps)
    def pause(self, pick: int, gap: int) -> None:
        line = self.pick(pick, "active")
        self.now += gap
        self.act(
            "pause",
            lambda: self.noticing(line, line.exact.pause),
            lambda: payments.pause_stream(stream_id=line.stream_id, now=self.at(self.now)),
        )

    @precondition(lambda self: self.fitting("paused"))
    @rule(pick=picks, gap=gaps)
    def resume(self, pick: int, gap: int) -> None:
        line = self.pick(pick, "paused")
        self.now += gap

        def must() -> None:
            if line.task == "disputed" and line.exact.is_open:
                raise Refused("task_not_open")
            self.noticing(line, line.exact.resume)

        self.act(
            "resume",
            must,
            lambda: payments.resume_stream(stream_id=line.stream_id, now=self.at(self.now)),
        )

    @precondition(lambda self: self.fitting("active"))
    @rule(pick=picks, gap=gaps, added=amounts)
    def top_up(self, pick: int, gap: int, added: int) -> None:
        line = self.pick(pick, "active")
        self.now += gap

        def must() -> None:
            self.noticing(line, line.exact.settle)
            after = deepcopy(line)
            after.exact.top_up(added, self.now)
            fee = after.fee(after.exact.total) - line.fee(line.exact.total)
            if added + fee > self.available(line.platform):
                raise Refused("insufficient_funds")
            line.exact = after.exact

        self.act(
            "top_up",
            must,
            lambda: payments.top_up_stream(
                stream_id=line.stream_id, amount=from_micro(added), now=self.at(self.now)
            ),
        )

    @precondition(lambda self: self.fitting("active", "paused"))
    @rule(pick=picks, gap=gaps, how=st.sampled_from(["cancel", "complete", "dispute"]))
    def close(self, pick: int, gap: int, how: str) -> None:
        """Cancel the stream, pay it out early, or dispute it."""
        self.now += gap
        line = self.pick(pick, "active", "paused")
        now = self.at(self.now)
        must, does = {
            "cancel": (self.must_cancel, lambda: payments.cancel_stream(stream_id=line.stream_id, now=now)),
            "complete": (self.must_complete, lambda: platforms.complete_task(task_id=line.task_id, now=now)),
            "dispute": (
                self.must_dispute,
                lambda: platforms.dispute_task(task_id=line.task_id, severity=2, reason="late", now=now),
            ),
        }[how]
        self.act(how, lambda: must(line), does)

    def noticing(self, line: Line, act: Callable[[int], object]) -> None:
        """Do the act on the stream at this time; a stream that it finds at its end ends its task as well."""
        try:
            act(self.now)
        finally:
            if line.exact.status == "completed" and line.task == "in_progress":
                line.task = "completed"

    def must_cancel(self, line: Line) -> None:
        self.require_undisputed(line)
        if line.task == "cancelled":
            raise Refused("illegal_status")
        self.noticing(line, line.exact.cancel)
        line.task = "cancelled"

    def must_complete(self, line: Line) -> None:
        self.require_undisputed(line)
        line.exact.complete(self.now)
        line.task = "completed"

    def must_dispute(self, line: Line) -> None:
        self.noticing(line, line.exact.settle)
        if line.task not in ("in_progress", "completed"):
            raise Refused("illegal_status")
        if line.was_disputed:
            raise Refused("already_disputed")
        if line.exact.status == "active":
            line.exact.pause(self.now)
        line.task, line.was_disputed = "disputed", True

    def require_undisputed(self, line: Line) -> None:
        if line.task == "disputed":
            raise Refused("task_not_open")

    @precondition(lambda self: self.fitting("active", "paused", "completed", disputed=True))
    @rule(pick=picks, gap=gaps, percent=st.integers(0, 100), for_worker=st.booleans())
    def resolve(self, pick: int, gap: int, percent: int, for_worker: bool) -> None:
        line = self.pick(pick, "active", "paused", "completed", disputed=True)
        self.now += gap
        pay = line.exact.held * percent // 100

        def must() -> None:
            if line.task != "disputed":
                raise Refused("task_not_open")
            if line.exact.is_open:
                line.exact.end(pay)
            line.task = "completed" if for_worker else "cancelled"

        self.act(
            "resolve",
            must,
            lambda: resolve_dispute(
                task_id=line.task_id,
                outcome="worker" if for_worker else "platform",
                worker_amount=from_micro(pay),
                now=self.at(self.now),
            ),
        )

    @invariant()
    def the_database_holds_what_the_rules_say(self) -> None:
        for number, platform in enumerate(self.platforms):
            assert to_micro(balance(platform, "available")) == self.available(number)
            reserved = sum(line.reserved for line in self.opened if line.platform == number)
            assert to_micro(balance(platform, "escrow")) == reserved
        for number, worker in enumerate(self.workers):
            earned = sum(line.exact.released for line in self.opened if line.worker == number)
            assert to_micro(balance(worker, "available")) == earned
        ended = [line for line in self.opened if not line.exact.is_open]
        assert to_micro(house_balance("fees")) == sum(line.fee(line.exact.released) for line in ended)
        assert stream_rows() == {line.stream_id: row_of(line) for line in self.opened}
        self.agreed = True

    def teardown(self) -> None:
        try:
            if self.agreed:
                connection.check_constraints()
                assert [one.name for one in books.check_books() if not one.passed] == []
        finally:
            transaction.set_rollback(True)
            self.frame.__exit__(None, None, None)


def row_of(line: Line) -> tuple[object, ...]:
    exact = line.exact
    return (
        exact.status,
        line.task,
        from_micro(exact.total),
        exact.duration,
        from_micro(exact.released),
        from_micro(exact.total - exact.released),
        *(exact.releases,) * 3,
        from_micro(exact.released),
    )


def stream_rows() -> dict[UUID, tuple[object, ...]]:
    """Return each stream as its row and its release entries have it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, s.status, t.status, s.total_amount, s.duration_seconds, s.released_amount,
                   s.remaining_amount, s.sequence, count(e.id), coalesce(max(e.sequence), 0),
                   coalesce(sum(e.amount), 0)
            FROM streams s JOIN tasks t ON t.id = s.task_id
            LEFT JOIN ledger_entries e ON e.subject_id = s.id AND e.kind = 'release'
            GROUP BY s.id, t.id
            """
        )
        return {id_: tuple(rest) for id_, *rest in cursor.fetchall()}


def money_rows() -> tuple[object, ...]:
    """Return the number of rows of money, and when a stream was last written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_entries), (SELECT count(*) FROM transactions),"
            " (SELECT max(updated_at) FROM streams)"
        )
        return cursor.fetchone()


@pytest.mark.shortened
@pytest.mark.django_db(transaction=True)
def test_streams_pay_to_the_micro_usdc_whatever_is_done_to_them():
    Streams.done.clear()

    run_state_machine_as_test(
        Streams,
        settings=settings(
            deadline=None,
            print_blob=True,
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            # So few examples, if drawn anew each time, now and then hold hardly a refusal.
            derandomize=not LONG,
        ),
    )

    refused = sum(times for name, times in Streams.done.items() if name.startswith("refused"))
    assert refused >= EXAMPLES, Streams.done
    assert Streams.done.total() - refused >= 10 * EXAMPLES, Streams.done
