"""Calls to outside services: made with no database transaction open, and on record before and after."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Aggregate, Count, Max, Min, Model, Q

from gigstream.core.postgres.transactions import require_no_transaction
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import FAILURES, MOST_IN_A_ROW
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import RemoteCallError
from gigstream.remote_calls.models import RemoteCall

T = TypeVar("T")
Subject = TypeVar("Subject")
Call = TypeVar("Call", bound=RemoteCall)

# Longer than a call may take.
LEASE = timedelta(seconds=60)
LONGEST_MESSAGE = 500
_ENDING = ("ended_at", "milliseconds", "error_class", "error_message", "answer")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The end of a call: an answer or an error."""

    answer: T | None
    error: RemoteCallError | None
    milliseconds: int

    @property
    def error_class(self) -> str | None:
        return self.error.error_class if self.error else None

    @property
    def message(self) -> str:
        return str(self.error)[:LONGEST_MESSAGE] if self.error else ""


@dataclass(frozen=True, slots=True)
class History:
    """Earlier calls about a row: the last number, the first time, and whether one may have been taken without
    our knowing. `more` holds further figures of theirs."""

    last_number: int = 0
    first_at: datetime | None = None
    is_unknown: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


NO_CALLS = History()


def make_call(call: Callable[[], T]) -> Outcome[T]:
    """Call the service, with no database transaction open, and measure the time."""
    require_no_transaction()
    began = time.monotonic()
    answer, error = None, None
    try:
        answer = call()
    except RemoteCallError as raised:
        error = raised
    return Outcome(answer, error, int(1000 * (time.monotonic() - began)))


def make_calls_in_turn(
    batch: Sequence[Subject], call: Callable[[Subject], Outcome[T]]
) -> list[tuple[Subject, Outcome[T]]]:
    """Call the service for one row after the other, until it is plainly not well: then for no more."""
    outcomes: list[tuple[Subject, Outcome[T]]] = []
    in_a_row = 0
    for subject in batch:
        outcome = call(subject)
        outcomes.append((subject, outcome))
        in_a_row = in_a_row + 1 if outcome.error_class in FAILURES else 0
        if in_a_row >= MOST_IN_A_ROW:
            break
    return outcomes


@dataclass(frozen=True, slots=True)
class CallLog(Generic[Call]):
    """The record of a subject's calls: its table, the column of the row that a call is about, and the columns
    of its own that `fill_details` sets from an answer."""

    model: type[Call]
    subject: str
    details: tuple[str, ...] = ()
    fill_details: Callable[[Call, Any], None] | None = None

    def histories(
        self, subject_ids: Iterable[UUID], *, writing: str, **more: Aggregate
    ) -> dict[UUID, History]:
        """Return the history of each of these rows that was called about. Its outcome is unknown if a call of
        the operation `writing` is open or ended so."""
        unknown = Q(operation=writing) & (
            Q(ended_at__isnull=True) | Q(error_class=ErrorClass.UNKNOWN_OUTCOME)
        )
        rows = (
            self.model._default_manager.filter(**{f"{self.subject}__in": list(subject_ids)})
            .values(f"{self.subject}_id")
            .annotate(
                last_number=Max("number"),
                first_at=Min("started_at"),
                unknown=Count("id", filter=unknown),
                **more,
            )
        )
        return {
            row[f"{self.subject}_id"]: History(
                row["last_number"], row["first_at"], row["unknown"] > 0, {name: row[name] for name in more}
            )
            for row in rows
        }

    @in_unit
    def begin_calls(
        self,
        subjects: Sequence[Model],
        *,
        service: str,
        operation: str,
        last_numbers: Mapping[UUID, int],
        now: datetime,
    ) -> dict[UUID, Call]:
        """Open a call for each of these rows, before the service is called; return them by row."""
        calls = [
            self._call_about(subject, service, operation, last_numbers.get(subject.pk, 0) + 1, now)
            for subject in subjects
        ]
        self.model.unguarded.bulk_create(calls)
        return {subject.pk: call for subject, call in zip(subjects, calls, strict=True)}

    @in_unit
    def end_calls(self, ended: Iterable[tuple[Call, Outcome[Any]]], now: datetime) -> None:
        """Record how the calls ended. A call that was closed meanwhile, since it took too long, stays as it
        is."""
        outcomes = {call.pk: outcome for call, outcome in ended}
        rows = list(self.model.objects.locked().filter(pk__in=outcomes, ended_at=None))
        for row in rows:
            self._fill(row, outcomes[row.pk], now)
        self.model.unguarded.bulk_update(rows, [*_ENDING, *self.details])

    def record_call(
        self,
        subject: Model,
        outcome: Outcome[Any],
        *,
        service: str,
        operation: str,
        last_number: int,
        now: datetime,
    ) -> None:
        """Record a call that has ended already, for calls that need no trace while they are under way."""
        call = self._call_about(subject, service, operation, last_number + 1, now)
        self._fill(call, outcome, now)
        call.save()

    def forget_calls(self, unused: Iterable[Call]) -> None:
        """Delete calls that were opened and not made."""
        self.model.unguarded.filter(pk__in=[call.pk for call in unused], ended_at=None).delete()

    @in_unit
    def close_abandoned(self, now: datetime) -> int:
        """End calls whose process has died, as of unknown outcome; return how many there were."""
        open_ = self.model.objects.locked().filter(ended_at=None, started_at__lte=now - LEASE)
        return self.model.unguarded.filter(pk__in=[row.pk for row in open_]).update(
            ended_at=now,
            milliseconds=int(1000 * LEASE.total_seconds()),
            error_class=ErrorClass.UNKNOWN_OUTCOME,
            error_message="the process that called has died",
        )

    def _call_about(self, subject: Model, service: str, operation: str, number: int, now: datetime) -> Call:
        about: dict[str, Any] = {self.subject: subject}
        return self.model(number=number, service=service, operation=operation, started_at=now, **about)

    def _fill(self, call: Call, outcome: Outcome[Any], now: datetime) -> None:
        call.ended_at = now
        call.milliseconds = outcome.milliseconds
        call.error_class = outcome.error_class
        call.error_message = outcome.message
        if outcome.answer is not None and self.fill_details is not None:
            self.fill_details(call, outcome.answer)
