"""Acts that run side by side, each in a thread and database connection of its own, in an order that the
test decides: an act can be stopped at a statement, and another is seen to wait for a lock before the first
goes on."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from django.db import DatabaseError, connection, models, transaction

from gigstream.core.errors import Refusal
from gigstream.core.postgres.transactions import sqlstate

PATIENCE = 20


class Act:
    """A call. Where a pattern is given, it stops once: before or after the first statement that matches."""

    def __init__(
        self, call: Callable[[], Any], *, name: str, stop_before: str = "", stop_after: str = ""
    ) -> None:
        self.name = name
        self.sqlstates: list[str | None] = []
        self._call = call
        self._before = re.compile(stop_before, re.DOTALL) if stop_before else None
        self._after = re.compile(stop_after, re.DOTALL) if stop_after else None
        self._connected, self._halted, self._may_go, self._done = Event(), Event(), Event(), Event()
        self._stopped = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name)
        self._thread.start()
        assert self._connected.wait(PATIENCE), f"{name} got no connection"

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._pid = connection.connection.info.backend_pid
            self._connected.set()
            with connection.execute_wrapper(self._watch):
                self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - `outcome` raises it in the test's own thread
            self._error = error
        finally:
            connection.close()
            self._done.set()
            self._connected.set()
            self._halted.set()

    def _watch(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if self._before and self._before.search(sql):
            self._stop()
        try:
            answer = execute(sql, *arguments)
        except DatabaseError as error:
            self.sqlstates.append(sqlstate(error))
            raise
        if self._after and self._after.search(sql):
            self._stop()
        return answer

    def _stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._halted.set()
        assert self._may_go.wait(PATIENCE), f"{self.name} was never told to go on"

    def wait_until_stopped(self) -> None:
        """Wait until it stands at the statement where it was to stop."""
        assert self._halted.wait(PATIENCE), f"{self.name} hangs"
        assert self._stopped, f"{self.name} ended without the statement to stop at: {self._error!r}"

    def wait_until_blocked(self, by: "Act | None" = None) -> None:
        """Wait until it waits for a lock (that the other act holds or requests before it)."""
        self.wait_until_blocked_or_done(by)
        assert not self._done.is_set(), f"{self.name} did not wait: {self._result!r} {self._error!r}"

    def wait_until_blocked_or_done(self, by: "Act | None" = None) -> None:
        """Wait until it waits for a lock, or has ended without having to."""
        deadline = time.monotonic() + PATIENCE
        while not self._done.wait(0.005):
            if self._blockers() & ({by._pid} if by else self._blockers()):
                return
            assert time.monotonic() < deadline, f"{self.name} neither waits nor ends"

    def _blockers(self) -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_blocking_pids(%s)", [self._pid])
            return set(cursor.fetchone()[0])

    def go(self) -> None:
        """Let it go on from where it stopped, or not stop there."""
        self._may_go.set()

    def outcome(self, *expected: type[Exception]) -> Any:
        """Return its result, or the refusal (or other expected error) that it ended with."""
        self.go()
        self._thread.join(PATIENCE)
        assert self._done.is_set(), f"{self.name} hangs"
        if self._error is None:
            return self._result
        if isinstance(self._error, expected or (Refusal,)):
            return self._error
        raise self._error


Start = Callable[..., Act]


@contextmanager
def acts() -> Iterator[Start]:
    """Starts acts; none outlives the block."""
    started: list[Act] = []

    def start(call: Callable[[], Any], **stops: str) -> Act:
        started.append(Act(call, name=f"act {len(started) + 1}", **stops))
        return started[-1]

    try:
        yield start
    finally:
        for act in started:
            act.go()
        for act in started:
            act._thread.join(PATIENCE)


def hold(row: models.Model) -> Callable[[], None]:
    """Return a call that locks the row for as long as it is stopped after that."""

    def call() -> None:
        with transaction.atomic():
            type(row)._base_manager.select_for_update(no_key=True).get(pk=row.pk)

    return call


LOCKED = "FOR NO KEY UPDATE"


# All is written then and every lock held; nothing is committed.
WRITTEN = "INSERT INTO audit_logs"


def first_then_second(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Return the outcomes of two acts of which the second is seen waiting until the first has committed."""
    with acts() as start:
        leading = start(first, stop_before=WRITTEN)
        leading.wait_until_stopped()
        following = start(second)
        following.wait_until_blocked(by=leading)
        return leading.outcome(), following.outcome()


def all_behind(row: models.Model, *calls: Callable[[], Any]) -> list[Act]:
    """Let every call be seen waiting for a lock, the first of them for this row, before any goes on."""
    with acts() as start:
        holder = start(hold(row), stop_after=LOCKED)
        holder.wait_until_stopped()
        crowd = [start(call) for call in calls]
        for act in crowd:
            act.wait_until_blocked()
        holder.outcome()
    return crowd


def split(outcomes: list[Any]) -> tuple[list[Any], list[Refusal]]:
    """Return the results, and the refusals."""
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Refusal)], refusals
