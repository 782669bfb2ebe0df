"""Streams."""

from decimal import Decimal

from payments.ledger.subjects import STREAM
from payments.models import Stream
from payments.streams.calculations import vested_amount
from payments.streams.services.streams import elapsed_at
from tests.support.database.breaks import (
    belonging_to,
    book,
    breaks,
    follow_covered_parts,
    last_release,
    run,
    run_any,
)
from tests.support.database.rich_history import History


@breaks("stream_released_within_total")
def a_total_below_what_was_released(h: History) -> None:
    run("UPDATE streams SET total_amount = released_amount - 0.01 WHERE id = %s", h.cancelled.pk)
    run(
        "UPDATE tasks SET amount = s.total_amount FROM streams s WHERE s.id = %s AND tasks.id = s.task_id",
        h.cancelled.pk,
    )


@breaks("stream_remaining_is_total_minus_released")
def a_remainder_that_is_not(h: History) -> None:
    run_any("ALTER TABLE streams ALTER COLUMN remaining_amount DROP EXPRESSION")
    run("UPDATE streams SET remaining_amount = remaining_amount + 1 WHERE id = %s", h.cancelled.pk)


@breaks("stream_released_is_the_sum_of_its_releases")
def a_release_without_its_entry(h: History) -> None:
    run("UPDATE streams SET released_amount = released_amount + 0.000001 WHERE id = %s", h.cancelled.pk)


@breaks("stream_releases_are_numbered_without_a_gap")
def a_number_that_no_release_has(h: History) -> None:
    run("UPDATE streams SET sequence = sequence + 1 WHERE id = %s", h.cancelled.pk)


@breaks("stream_releases_are_numbered_without_a_gap")
def a_gap(h: History) -> None:
    run("UPDATE streams SET sequence = sequence + 1 WHERE id = %s", h.cancelled.pk)
    run("UPDATE ledger_entries SET sequence = sequence + 1 WHERE id = %s", last_release(h.cancelled).pk)


@breaks("stream_releases_are_numbered_without_a_gap")
def one_number_twice(h: History) -> None:
    run("UPDATE ledger_entries SET sequence = sequence - 1 WHERE id = %s", last_release(h.cancelled).pk)
    run("UPDATE streams SET sequence = sequence - 1 WHERE id = %s", h.cancelled.pk)
    # The deduction from a release is found by its number.
    follow_covered_parts()


@breaks("stream_is_never_paid_early")
def pay_that_has_not_vested(h: History) -> None:
    _release(h.running, Decimal(50))


@breaks("paused_stream_pays_nothing")
def a_second_of_the_pause_is_paid(h: History) -> None:
    paused = Stream.objects.get(pk=h.paused.pk)
    worked = elapsed_at(paused, paused.paused_at)
    pay = vested_amount(paused.total_amount, duration=paused.duration_seconds, elapsed=worked + 1)
    _release(paused, pay - paused.released_amount, created_at=paused.paused_at)


def _release(stream: Stream, amount: Decimal, **fields: object) -> None:
    """Insert a further release, beyond the vested amount."""
    stream = Stream.objects.get(pk=stream.pk)
    number = stream.sequence + 1
    accounts = (stream.escrow_account_id, stream.worker_account_id)
    book("release", *accounts, amount, sequence=number, **belonging_to(STREAM, stream.pk), **fields)
    run(
        "UPDATE streams SET released_amount = released_amount + %s, sequence = %s WHERE id = %s",
        amount,
        number,
        stream.pk,
    )


@breaks("stream_is_complete_when_nothing_remains")
def paid_in_full_but_cancelled(h: History) -> None:
    run(
        "UPDATE streams SET status = 'cancelled', cancelled_at = completed_at, completed_at = NULL"
        " WHERE id = %s",
        h.completed.pk,
    )


@breaks("paused_stream_pays_nothing")
def a_pause_that_keeps_vested_pay(h: History) -> None:
    run(
        "UPDATE streams SET paused_at = paused_at + interval '1 second',"
        " last_act_at = last_act_at + interval '1 second' WHERE id = %s",
        h.paused.pk,
    )


@breaks("stream_is_never_paid_early")
def a_release_by_a_clock_that_was_hours_ahead(h: History) -> None:
    run("UPDATE streams SET last_act_at = now() + interval '29 days' WHERE id = %s", h.running.pk)
    _release(h.running, Decimal(50))


@breaks("ended_stream_pays_nothing_more")
def a_release_after_the_end(h: History) -> None:
    run(
        "UPDATE ledger_entries SET created_at = s.last_act_at + interval '1 microsecond' FROM streams s"
        " WHERE s.id = %s AND ledger_entries.id = %s",
        h.cancelled.pk,
        last_release(h.cancelled).pk,
    )


@breaks("stream_agrees_with_its_task")
def a_stream_of_another_worker(h: History) -> None:
    run("UPDATE streams SET worker_id = %s WHERE id = %s", h.other.pk, h.cancelled.pk)


@breaks("stream_ends_with_its_task")
def a_stream_that_ended_before_its_task(h: History) -> None:
    run("UPDATE streams SET status = 'cancelled', cancelled_at = now() WHERE id = %s", h.running.pk)
