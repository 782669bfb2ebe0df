"""Bugs that could have been written, each a small change of the real product for as long as its block lasts.

A mutation counts how often the changed place was reached: a mutation that was never reached proves
nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from django.db import connection, models, transaction
from django.utils import timezone

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.models import CommonQuerySet
from gigstream.remote_calls.services.calls import Outcome
from payments import services as payments
from payments.earnings.deductions import Deductions, Earning, Withheld
from payments.ledger.postings import Posting
from payments.ledger.services import ledger
from payments.models import Account, LedgerEntry, Transaction
from payments.settlement.payouts.services.payouts import void_postings
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import TransactionStatus
from payments.settlement.transfers.services import settlement, submission
from payments.streams.services import release, streams
from payments.withdrawals import services as withdrawals
from platforms.figures import services as statistics
from platforms.figures.services import TaskMove
from platforms.models import Platform
from platforms.tasks.services import tasks

# Kinds of entries that a part may be withheld from.
EARNINGS = ("earning", "release", "reward")


@dataclass
class Effect:
    """The number of times that the product reached the changed place."""

    reached: int = 0


Mutation = Callable[[], AbstractContextManager[list[Effect]]]


@contextmanager
def replaced(owner: Any, name: str, change: Callable[[Any], Callable[..., Any]]) -> Iterator[list[Effect]]:
    """Replace a function of the product by `change` of itself."""
    effect, changed = Effect(), change(getattr(owner, name))

    def counted(*args: Any, **kwargs: Any) -> Any:
        effect.reached += 1
        return changed(*args, **kwargs)

    with patch.object(owner, name, counted):
        yield [effect]


def run(statement: str) -> Any:
    """Return the first column of the statement's first row, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


@contextmanager
def function_replaced(signature: str, body: str, probe: str) -> Iterator[list[Effect]]:
    """Replace the body of a function of the database; `probe` is a call that it answers differently now."""
    definition = run(f"SELECT pg_get_functiondef('{signature}'::regprocedure)")
    head, _, _ = definition.partition("AS $function$")
    before = run(f"SELECT {probe}")
    run(f"{head} AS $function$ SELECT {body} $function$")
    try:
        yield [Effect(reached=int(run(f"SELECT {probe}") != before))]
    finally:
        run(definition)


@contextmanager
def together(*mutations: Mutation) -> Iterator[list[Effect]]:
    """Several bugs at once."""
    with ExitStack() as stack:
        yield [effect for mutation in mutations for effect in stack.enter_context(mutation())]


# Locks and unique keys


@contextmanager
def release_without_row_lock() -> Iterator[list[Effect]]:
    """Let the releaser pick streams without locking them."""
    clause = "FOR NO KEY UPDATE OF s SKIP LOCKED"
    effect, read = Effect(), sql.text

    def without(name: str) -> str:
        text = read(name)
        effect.reached += clause in text
        return text.replace(clause, "")

    with patch.object(sql, "text", without):
        yield [effect]


def no_row_lock(model: type[models.Model]) -> Mutation:
    """Let the services read rows of this model without locking them."""

    @contextmanager
    def mutation() -> Iterator[list[Effect]]:
        effect, locked = Effect(), CommonQuerySet.locked

        def unlocked(rows: CommonQuerySet[Any]) -> CommonQuerySet[Any]:
            if rows.model is not model:
                return locked(rows)
            effect.reached += 1
            return rows.order_by("pk")

        with patch.object(CommonQuerySet, "locked", unlocked):
            yield [effect]

    return mutation


def no_shard_lock() -> AbstractContextManager[list[Effect]]:
    """Let two releasers work on the same shard at once."""
    return replaced(release, "try_lock", lambda real: lambda name, number: True)


@contextmanager
def no_unique_sequence() -> Iterator[list[Effect]]:
    """Let the database take two releases of a stream under the same number."""
    index = "ledger_release_once"
    definition = run(f"SELECT indexdef FROM pg_indexes WHERE indexname = '{index}'")
    run(f"DROP INDEX {index}")
    try:
        yield [Effect(reached=int(run(f"SELECT to_regclass('{index}')") is None))]
    finally:
        # Bookings made meanwhile may not fit the index any more.
        run("TRUNCATE ledger_entries CASCADE")
        run(definition)


def locks_in_the_order_given() -> AbstractContextManager[list[Effect]]:
    """Accounts are locked as they come: who is debited first, then who is credited."""

    def change(real: Callable[..., Any]) -> Callable[..., Any]:
        def lock(account_ids: Sequence[int]) -> dict[int, Account]:
            return {pk: Account.objects.locked().get(pk=pk) for pk in account_ids}

        return lock

    return replaced(ledger, "lock", change)


# Keys that come from the attempt and not from the fact


def random_ledger_key() -> AbstractContextManager[list[Effect]]:
    """Give each attempt to book a fact a key of its own."""

    def change(real: Callable[..., dict[str, int]]) -> Callable[..., dict[str, int]]:
        def post(postings: Sequence[Posting], **kwargs: Any) -> dict[str, int]:
            fresh = {one.key: f"{one.key}:{uuid4()}" for one in postings if one.key}
            ids = real([_with_key(one, fresh.get(one.key or "")) for one in postings], **kwargs)
            return {key: ids[drawn] for key, drawn in fresh.items()}

        return post

    return replaced(ledger, "post", change)


def _with_key(posting: Posting, key: str | None) -> Posting:
    return Posting(**{name: getattr(posting, name) for name in Posting.__slots__} | {"key": key})


def fresh_provider_key() -> AbstractContextManager[list[Effect]]:
    """Give each call to the provider a key of its own."""
    return replaced(submission, "provider_key", lambda real: lambda payout: uuid4())


# Stream arithmetic: in Python and in the database

VESTED = "stream_vested(numeric, integer, integer)"
ELAPSED = "stream_elapsed(timestamptz, interval, integer, timestamptz)"


@contextmanager
def instalments_rounded_down() -> Iterator[list[Effect]]:
    """Pay floor(total / n) every second, and the last as little as the others."""

    def change(real: Callable[..., Decimal]) -> Callable[..., Decimal]:
        return lambda total, duration, elapsed: int(total * 10**6) // duration * elapsed * Decimal("1e-6")

    body = "div(total * 1000000, duration) * elapsed * 0.000001"
    with (
        replaced(streams, "vested_amount", change) as python,
        function_replaced(VESTED, body, "stream_vested(100, 3600, 3600)") as database,
    ):
        yield python + database


@contextmanager
def float_money() -> Iterator[list[Effect]]:
    """Pay is computed in floating point and rounded."""

    def change(real: Callable[..., Decimal]) -> Callable[..., Decimal]:
        return lambda total, duration, elapsed: Decimal(str(round(float(total) * elapsed / duration, 6)))

    body = "(total::float8 * elapsed / duration)::numeric(20, 6)"
    with (
        replaced(streams, "vested_amount", change) as python,
        function_replaced(VESTED, body, "stream_vested(100, 3600, 560)") as database,
    ):
        yield python + database


@contextmanager
def paused_time_paid() -> Iterator[list[Effect]]:
    """Work is counted from the start on, whether or not the stream stood still."""

    def change(real: Callable[..., int]) -> Callable[..., int]:
        return lambda **times: real(**{**times, "paused_for": timedelta(0)})

    body = "least(greatest(floor(extract(epoch FROM (at - start_at))), 0), duration)::integer"
    probe = "stream_elapsed('2026-01-01Z', interval '400 s', 3600, '2026-01-01 00:10Z')"
    with (
        replaced(streams, "elapsed_seconds", change) as python,
        function_replaced(ELAPSED, body, probe) as database,
    ):
        yield python + database


# The contents of a transaction


def repayment_after_commit() -> AbstractContextManager[list[Effect]]:
    """Book the earning first; its repayment follows in a transaction of its own."""

    def change(real: Callable[..., list[Withheld]]) -> Callable[..., list[Withheld]]:
        def repay(share: Deductions, earnings: Sequence[Earning]) -> None:
            with transaction.atomic():
                withheld = real(share, earnings)
                now = withheld[0].movement.created_at if withheld else timezone.now()
                booked = {entry.fact: entry.pk for entry in LedgerEntry.objects.filter(kind__in=EARNINGS)}
                postings = [
                    replace(taken.posting, withheld_from=booked[taken.earning_key]) for taken in withheld
                ]
                ledger.post(postings, now=now)
                transactions.insert([taken.movement for taken in withheld], now)
                share.conclude()

        def withhold(share: Deductions, earnings: Sequence[Earning]) -> list[Withheld]:
            transaction.on_commit(lambda: repay(share, earnings))
            return []

        return withhold

    return replaced(Deductions, "withhold", change)


def asked_in_a_transaction() -> AbstractContextManager[list[Effect]]:
    """Put the lease, the call to the provider and the record of its answer into the same transaction."""
    return replaced(payments, "submit_payouts", transaction.atomic)


def given_up_on_timeout_of_the_transfer() -> AbstractContextManager[list[Effect]]:
    """Take no answer to an offer for a no: the payout is over and the money available again."""

    def change(real: Callable[..., None]) -> Callable[..., None]:
        def take(row: Transaction, outcome: Outcome[Any], now: datetime) -> None:
            real(row, outcome, now)
            if outcome.error is not None:
                row.status = TransactionStatus.CANCELLED
                row.next_attempt_at = None
                ledger.post(void_postings([row]), now=now)

        return take

    return replaced(submission, "_apply_outcome", change)


def given_up_on_timeout_of_the_question() -> AbstractContextManager[list[Effect]]:
    """Take no answer to a look for a failure, which gives the money back."""

    def change(real: Callable[..., None]) -> Callable[..., None]:
        def leave(row: Transaction, outcome: Outcome[Any], now: datetime) -> None:
            real(row, outcome, now)
            row.status = TransactionStatus.FAILED
            row.ended_at = now
            row.next_attempt_at = None

        return leave

    return replaced(settlement, "_leave_unchanged", change)


def withdrawal_leaves_at_once() -> AbstractContextManager[list[Effect]]:
    """Let a withdrawal leave without its wait."""

    def change(real: Callable[..., Transaction]) -> Callable[..., Transaction]:
        return lambda *args, **times: real(*args, **{**times, "not_before": times["now"]})

    return replaced(withdrawals, "hold_withdrawal", change)


# Derived columns and clocks


def added_in_python() -> AbstractContextManager[list[Effect]]:
    """Read the platform, raise its total in memory, and write it back in the end."""

    def change(real: Callable[..., None]) -> Callable[..., None]:
        def add_to_platforms(*, moves: Sequence[TaskMove]) -> None:
            read = [Platform.objects.get(pk=move.platform_id) for move in moves if move.before is None]
            real(moves=moves)
            for platform in read:
                platform.total_tasks += 1
                platform.save(update_fields=["total_tasks"])

        return add_to_platforms

    return replaced(statistics, "add_to_platforms", change)


def platform_read_without_lock() -> AbstractContextManager[list[Effect]]:
    """Post a task while nobody keeps the platform's row as it was read."""

    def change(real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda platform_id: (Platform.objects.get(pk=platform_id), database_now())

    return replaced(tasks, "lock_platform_and_time", change)


def application_clock() -> AbstractContextManager[list[Effect]]:
    """Let the releaser take the time from its own machine."""
    return replaced(release, "database_now", lambda real: lambda: timezone.now())
