"""A stream's end, and an act that comes at or after it: how late a tick comes changes nothing."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from audit.models import AuditLog
from payments import services as payments
from payments.models import LedgerEntry, Stream
from payments.streams.services.streams import vested_at
from platforms import services as platforms
from platforms.tasks.errors import StreamCompleted, TaskNotOpen
from tests.support.books import violated
from tests.support.factories import NOW, balance, fund, house_balance, running_stream, seconds
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db

END = NOW + seconds(3600)
LATE = END + seconds(5)


@pytest.fixture
def stream() -> Stream:
    """36 USDC over an hour, due at its end."""
    return running_stream(total="36", duration=3600, interval=60, due_at=END)


def release(stream: Stream, now: datetime) -> None:
    payments.release_due_streams(now=now)


def claim(stream: Stream, now: datetime) -> None:
    payments.claim_stream(stream_id=stream.pk, now=now)


def complete(stream: Stream, now: datetime) -> None:
    platforms.complete_task(task_id=stream.task_id, now=now)


def pause(stream: Stream, now: datetime) -> None:
    payments.pause_stream(stream_id=stream.pk, now=now)


def resume(stream: Stream, now: datetime) -> None:
    payments.resume_stream(stream_id=stream.pk, now=now)


def top_up(stream: Stream, now: datetime) -> None:
    payments.top_up_stream(stream_id=stream.pk, amount="3.6", now=now)


def cancel(stream: Stream, now: datetime) -> None:
    payments.cancel_stream(stream_id=stream.pk, now=now)


def cancel_the_task(stream: Stream, now: datetime) -> None:
    platforms.cancel_task(task_id=stream.task_id, now=now)


def dispute(stream: Stream, now: datetime) -> None:
    platforms.dispute_task(task_id=stream.task_id, severity=2, reason="poor", now=now)


def reload(stream: Stream) -> Stream:
    return Stream.objects.select_related("task", "worker").get(pk=stream.pk)


def require_completed_at_its_end(stream: Stream) -> None:
    stream = reload(stream)
    assert (stream.status, stream.completed_at, stream.released_amount) == ("completed", END, 36)
    assert (stream.task.completed_at, stream.task.paid_amount) == (END, 36)
    assert balance(stream.worker, "available") == 36
    assert house_balance("fees") == Decimal("0.72")


Act = Callable[[Stream, datetime], Any]


@pytest.mark.parametrize(
    ("act", "late"), spread(product([release, claim, complete], [0, 5, 86_400]), of="late acts", one_in=4)
)
def test_work_is_completed_at_the_end_of_its_stream_however_late_it_is_noticed(stream, act, late):
    act(stream, END + seconds(late))

    require_completed_at_its_end(stream)
    assert reload(stream).task.status == "completed"
    assert reload(stream).worker.reputation_score == 515
    assert violated() == {}


def test_streams_that_end_in_one_batch_are_each_completed_at_their_own_end():
    first, second = (running_stream(total="36", duration=duration) for duration in (3600, 4000))

    payments.release_due_streams(now=NOW + seconds(9000))

    for stream, duration in ((first, 3600), (second, 4000)):
        assert reload(stream).task.completed_at == NOW + seconds(duration)
        assert reload(stream).completed_at == NOW + seconds(duration)


def test_work_completed_before_the_end_is_completed_then(stream):
    complete(stream, END - seconds(100))

    assert reload(stream).completed_at == reload(stream).task.completed_at == END - seconds(100)


@pytest.mark.parametrize(
    ("act", "at"),
    spread(product([pause, resume, top_up, cancel, cancel_the_task], [END, LATE]), of="acts", one_in=3),
)
def test_an_act_at_or_after_the_end_finds_a_completed_stream(stream, act, at):
    before = balance(stream.platform, "available")

    with pytest.raises(StreamCompleted, match=r"36\.00 USDC was paid") as refusal:
        act(stream, at)

    assert refusal.value.numbers == {"paid": "36.000000", "completed_at": str(END)}
    require_completed_at_its_end(stream)
    stream = reload(stream)
    assert (stream.task.status, stream.worker.completion_rate, stream.worker.reputation_score) == (
        "completed",
        100,
        515,
    )
    assert balance(stream.platform, "available") == before
    assert AuditLog.objects.get(action="task.complete").actor_type == "system"
    assert violated() == {}


def test_a_refusal_after_the_end_moves_nothing_itself(stream):
    release(stream, LATE)
    before = LedgerEntry.objects.count()

    with pytest.raises(StreamCompleted):
        cancel(stream, LATE)

    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize("at", [END, LATE])
def test_a_dispute_at_or_after_the_end_is_one_of_a_completed_task(stream, at):
    dispute(stream, at)

    require_completed_at_its_end(stream)
    assert reload(stream).task.status == "disputed"
    assert balance(stream.platform, "escrow") == 0
    assert violated() == {}


def test_work_is_rated_after_the_end_though_no_tick_came(stream):
    platforms.rate_worker(task_id=stream.task_id, rating=5, now=LATE)

    require_completed_at_its_end(stream)
    assert reload(stream).task.worker_rating == 5


@pytest.mark.parametrize(
    ("total", "duration", "after", "vested"),
    [("864", 86_400, 20, "0.200000"), ("72", 4 * 3600, 4 * 3600 - 1, "71.995000")],
)
@pytest.mark.parametrize("act", [pause, dispute])
def test_vested_pay_is_paid_to_the_second_when_a_stream_is_stopped(total, duration, after, vested, act):
    stream = running_stream(total=total, duration=duration, interval=3600)

    act(stream, NOW + seconds(after))

    assert reload(stream).status == "paused"
    assert balance(stream.worker, "available") == Decimal(vested)
    assert violated() == {}
    resolved = payments.release_due_streams(now=NOW + seconds(10 * duration))
    assert (resolved, balance(stream.worker, "available")) == (0, Decimal(vested))


def test_a_paused_stream_that_still_holds_vested_pay_can_be_claimed(stream):
    """Streams paused before pauses paid."""
    Stream.unguarded.filter(pk=stream.pk).update(
        status="paused", paused_at=NOW + seconds(90), last_act_at=NOW + seconds(90)
    )

    assert payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(500)) == Decimal("0.90")

    stream = reload(stream)
    assert (stream.status, stream.released_amount) == ("paused", Decimal("0.90"))
    assert violated() == {}


class TestLongPauses:
    PAUSED = NOW + seconds(900)
    LIMIT = PAUSED + seconds(14 * 86_400)

    @pytest.fixture
    def paused(self, stream) -> Stream:
        pause(stream, self.PAUSED)
        return stream

    def test_a_platforms_pause_of_14_days_ends_the_stream_and_its_task(self, paused):
        assert payments.end_long_pauses(now=self.LIMIT - seconds(1)) == 0
        assert reload(paused).status == "paused"

        assert payments.end_long_pauses(now=self.LIMIT + seconds(40)) == 1

        paused = reload(paused)
        assert (paused.status, paused.task.status) == ("cancelled", "cancelled")
        assert paused.task.cancelled_at == self.LIMIT
        assert (paused.task.cancelled_by, paused.task.at_fault) == ("platform", "nobody")
        assert (balance(paused.worker, "available"), paused.task.paid_amount) == (9, 9)
        assert balance(paused.platform, "escrow") == 0
        assert balance(paused.platform, "available") == 1000 - Decimal("9.18")
        assert violated() == {}

    def test_a_resumption_after_14_days_comes_too_late_though_no_job_has_run(self, paused):
        with pytest.raises(Exception, match="is cancelled") as refusal:
            resume(paused, self.LIMIT)

        assert refusal.value.code == "illegal_status"
        assert reload(paused).status == "cancelled"

    def test_a_disputes_pause_has_no_limit(self, stream):
        dispute(stream, self.PAUSED)

        assert payments.end_long_pauses(now=self.LIMIT + seconds(86_400 * 100)) == 0
        assert reload(stream).status == "paused"

    def test_a_dispute_of_a_paused_stream_has_no_limit_either(self, paused):
        dispute(paused, self.PAUSED + seconds(10))

        assert payments.end_long_pauses(now=self.LIMIT + seconds(86_400)) == 0
        with pytest.raises(TaskNotOpen):
            resume(paused, self.LIMIT + seconds(86_400))


class TestTopUps:
    def test_forty_small_top_ups_keep_the_first_rate(self):
        stream = running_stream(total="10", duration=3600)
        fund(stream.platform, "10")

        for _ in range(40):
            payments.top_up_stream(stream_id=stream.pk, amount="0.004", now=NOW)

        stream = reload(stream)
        assert (stream.total_amount, stream.duration_seconds) == (Decimal("10.16"), 3657)
        assert stream.end_at == NOW + seconds(3657)

    def test_a_top_up_takes_no_vested_pay_back(self):
        """The second top-up brings the rate down: 36.019999 in 3601 s become 36.02 in 3602."""
        stream = running_stream(total="36", duration=3600, interval=3600)
        payments.top_up_stream(stream_id=stream.pk, amount="0.019999", now=NOW)
        at = NOW + seconds(3000)
        vested = vested_at(reload(stream), at)
        assert vested == Decimal("30.008330")

        payments.top_up_stream(stream_id=stream.pk, amount="0.000001", now=at)

        assert reload(stream).duration_seconds == 3602
        assert vested_at(reload(stream), at) == vested
        assert balance(stream.worker, "available") == vested
        pause(stream, at)
        assert violated() == {}


class TestAClockThatStepsBack:
    def test_the_books_stay_right_when_a_pause_is_dated_before_a_claim(self, stream):
        claim(stream, NOW + seconds(100))

        pause(stream, NOW + seconds(98.9))

        stream = reload(stream)
        assert stream.paused_at == NOW + seconds(100)
        assert stream.released_amount == 1
        assert violated() == {}

    def test_the_books_stay_right_when_a_stream_is_paused_before_it_was_resumed(self, stream):
        pause(stream, NOW + seconds(100))
        resume(stream, NOW + seconds(200))

        pause(stream, NOW + seconds(195))

        assert reload(stream).paused_at == NOW + seconds(200)
        assert reload(stream).released_amount == 1
        assert violated() == {}

    def test_the_books_stay_right_when_the_end_is_dated_before_a_claim(self, stream):
        claim(stream, NOW + seconds(100))

        cancel(stream, NOW + seconds(98.9))

        assert reload(stream).released_amount == 1
        assert violated() == {}

    def test_what_was_paid_by_a_clock_ahead_is_no_broken_book(self):
        """The clock was four minutes ahead when the worker claimed, and is right again."""
        now = datetime.now(tz=NOW.tzinfo)
        stream = running_stream(total="36", duration=3600, now=now - seconds(1))
        claim(stream, now + seconds(239))

        assert reload(stream).released_amount == Decimal("2.40")
        assert violated() == {}
