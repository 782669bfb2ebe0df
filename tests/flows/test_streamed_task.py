"""The story of a streamed task: released by ticks, claimed, paused, topped up, ended."""

import json
from decimal import Decimal

import pytest

from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import LedgerEntry, Transaction
from payments.signals import streams_released
from payments.streams.errors import NothingToClaim, StreamNotActive, TopUpTooSmall
from platforms import services as platforms
from platforms.tasks.errors import InvalidSchedule, StreamCompleted, TaskNotOpen
from tests.support.books import releases_of
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    balance,
    house_balance,
    running_stream,
    seconds,
    settle,
)

pytestmark = pytest.mark.django_db


def test_a_stream_is_released_interval_by_interval_to_the_exact_end_and_settles():
    stream = running_stream(total="10", duration=1000, interval=300)
    worker, platform = stream.worker, stream.platform

    assert payments.release_due_streams(now=NOW + seconds(299)) == 0
    assert payments.release_due_streams(now=NOW + seconds(300)) == 1
    assert balance(worker, "available") == Decimal("3")
    assert payments.release_due_streams(now=NOW + seconds(300)) == 0, "the same tick twice pays once"

    payments.release_due_streams(now=NOW + seconds(950))
    assert balance(worker, "available") == Decimal("9"), "three whole slots of 300 s, missed ticks and all"

    payments.release_due_streams(now=NOW + seconds(5000))
    stream.refresh_from_db()
    assert (stream.status, stream.released_amount, stream.remaining_amount) == ("completed", 10, 0)
    assert stream.task.status == "completed"
    assert stream.task.paid_amount == 10
    assert [entry.sequence for entry in releases_of(stream).order_by("id")] == [1, 2, 3]
    assert house_balance("fees") == Decimal("0.20")
    assert balance(platform, "escrow") == 0

    payments.create_due_payouts(now=NOW + seconds(5000))
    settle(NOW + seconds(5000))
    assert Transaction.objects.get(type="payout").status == "confirmed"
    assert balance(worker, "in_transit") == 0


def test_sums_that_do_not_divide_lose_nothing():
    stream = running_stream(total="1", duration=700, interval=100)

    for tick in range(1, 8):
        payments.release_due_streams(now=NOW + seconds(100 * tick))

    amounts = list(releases_of(stream).order_by("sequence").values_list("amount", flat=True))
    assert amounts[:2] == [Decimal("0.142857"), Decimal("0.142857")]
    assert sum(amounts) == 1


def test_a_claim_pays_to_the_second_and_the_next_tick_only_the_rest():
    stream = running_stream(total="36", duration=3600, interval=60)

    assert payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(75)) == Decimal("0.75")
    with pytest.raises(NothingToClaim):
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(75))
    assert payments.release_due_streams(now=NOW + seconds(119)) == 0
    payments.release_due_streams(now=NOW + seconds(120))

    assert balance(stream.worker, "available") == Decimal("1.20")


def test_claiming_everything_completes_the_task():
    stream = running_stream(total="36", duration=3600, interval=60)

    assert payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(3600)) == 36

    stream.refresh_from_db()
    assert (stream.status, stream.task.status) == ("completed", "completed")
    assert payments.release_due_streams(now=NOW + seconds(3700)) == 0


def test_a_pause_is_never_paid_and_moves_the_end():
    stream = running_stream(total="36", duration=3600, interval=60)

    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(90))
    assert payments.release_due_streams(now=NOW + seconds(1000)) == 0
    assert balance(stream.worker, "available") == Decimal("0.90"), "what has vested is paid"
    with pytest.raises(NothingToClaim, match=r"vested 0\.90 USDC, all of it released"):
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(1000))
    resumed = payments.resume_stream(stream_id=stream.pk, now=NOW + seconds(1090))
    assert resumed.end_at == NOW + seconds(4600)

    payments.release_due_streams(now=NOW + seconds(1120))
    assert balance(stream.worker, "available") == Decimal("1.20"), "120 s worked in 1120 s"
    payments.release_due_streams(now=NOW + seconds(4600))
    assert balance(stream.worker, "available") == 36


def test_cancelling_pays_what_has_vested_and_refunds_the_rest_with_its_fee():
    stream = running_stream(total="36", duration=3600, interval=60)

    payments.cancel_stream(stream_id=stream.pk, reason="rain", now=NOW + seconds(900))

    stream.refresh_from_db()
    assert (stream.status, stream.task.status) == ("cancelled", "cancelled")
    assert balance(stream.worker, "available") == 9
    assert house_balance("fees") == Decimal("0.18")
    assert balance(stream.platform, "escrow") == 0
    assert balance(stream.platform, "available") == 1000 - Decimal("9.18")


def test_completing_early_releases_the_rest_at_once():
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(600))

    platforms.complete_task(task_id=stream.task_id, now=NOW + seconds(700))

    stream.refresh_from_db()
    assert (stream.status, stream.sequence) == ("completed", 2)
    assert balance(stream.worker, "available") == 36


def test_a_top_up_extends_the_end_at_the_same_rate():
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(600))

    topped = payments.top_up_stream(stream_id=stream.pk, amount="9", now=NOW + seconds(610))

    assert (topped.total_amount, topped.duration_seconds) == (45, 4500)
    assert topped.end_at == NOW + seconds(4500)
    assert balance(stream.platform, "escrow") == 45 + Decimal("0.90") - 6
    payments.release_due_streams(now=NOW + seconds(4500))
    assert balance(stream.worker, "available") == 45
    assert house_balance("fees") == Decimal("0.90")


def test_a_top_up_leaves_due_what_was_due():
    stream = running_stream(total="48", duration=2 * 86_400, interval=86_400)

    payments.top_up_stream(stream_id=stream.pk, amount="24", now=NOW + seconds(86_401))

    assert payments.release_due_streams(now=NOW + seconds(86_410)) == 1
    assert balance(stream.worker, "available") == 24


def test_a_stream_whose_time_is_up_is_not_topped_up_though_its_last_release_is_late():
    stream = running_stream(total="36", duration=3600, interval=60)
    before = balance(stream.platform, "available")

    with pytest.raises(StreamCompleted, match=r"36\.00 USDC was paid"):
        payments.top_up_stream(stream_id=stream.pk, amount="36", now=NOW + seconds(3600))

    assert balance(stream.platform, "available") == before
    assert balance(stream.worker, "available") == 36


def test_top_ups_that_cannot_be_are_refused_and_move_nothing():
    stream = running_stream(total="36", duration=3600, interval=60, platform=PlatformFactory(funds="40"))
    before = balance(stream.platform, "available")

    with pytest.raises(TopUpTooSmall):
        payments.top_up_stream(stream_id=stream.pk, amount="0.009", now=NOW)
    with pytest.raises(InsufficientFunds, match=r"requested 10\.20 USDC"):
        payments.top_up_stream(stream_id=stream.pk, amount="10", now=NOW)
    payments.pause_stream(stream_id=stream.pk, now=NOW)
    with pytest.raises(StreamNotActive):
        payments.top_up_stream(stream_id=stream.pk, amount="1", now=NOW)

    stream.refresh_from_db()
    assert (stream.total_amount, stream.duration_seconds) == (36, 3600)
    assert balance(stream.platform, "available") == before


@pytest.mark.parametrize(
    ("duration", "interval", "words"),
    [
        (3600, 59, "the interval is 59 s, the shortest allowed is 60 s"),
        (-1, 60, "must end after its start"),
        (31 * 86_400, 60, "within 2592000 s"),
    ],
)
def test_schedules_outside_the_limits_are_refused(duration, interval, words):
    with pytest.raises(InvalidSchedule, match=words):
        TaskFactory(task_type="time_based", duration_seconds=duration, release_interval=interval)


def test_a_dispute_pauses_the_stream_until_staff_split_what_is_held():
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(600))

    platforms.dispute_task(task_id=stream.task_id, severity=2, reason="late", now=NOW + seconds(700))
    assert payments.release_due_streams(now=NOW + seconds(2000)) == 0
    with pytest.raises(TaskNotOpen, match="staff resolve it"):
        payments.resume_stream(stream_id=stream.pk, now=NOW + seconds(2000))

    resolve_dispute(task_id=stream.task_id, outcome="worker", worker_amount="10", now=NOW + seconds(3000))

    stream.refresh_from_db()
    assert (stream.task.status, stream.status) == ("completed", "cancelled")
    assert stream.task.paid_amount == 17
    assert balance(stream.worker, "available") == 17
    assert balance(stream.platform, "escrow") == 0
    assert house_balance("fees") == Decimal("0.34")
    assert balance(stream.platform, "available") == 1000 - Decimal("17.34")


def test_a_clock_that_steps_back_takes_nothing_back():
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(1800))

    assert payments.release_due_streams(now=NOW + seconds(600)) == 0
    with pytest.raises(NothingToClaim):
        payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(600))
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(600))

    assert balance(stream.worker, "available") == 18


def test_a_batch_tells_once_per_platform_with_every_release():
    platform, other = PlatformFactory(funds="1000"), PlatformFactory(funds="1000")
    worker = WorkerFactory()
    streams = [running_stream(worker, total="36", platform=one) for one in (platform, platform, other)]
    told = []

    def listen(releases, **kwargs):
        told.append(releases)

    streams_released.connect(listen)
    try:
        payments.release_due_streams(now=NOW + seconds(60))
    finally:
        streams_released.disconnect(listen)

    (releases,) = told
    by_platform = {one.platform_id: one for one in releases}
    assert by_platform[platform.pk].total == Decimal("1.20")
    assert by_platform[platform.pk].count == 2
    ids = {stream for stream, _, _ in json.loads(by_platform[platform.pk].items)}
    assert ids == {str(one.pk) for one in streams[:2]}
    assert json.loads(by_platform[other.pk].items) == [[str(streams[2].pk), 1, "0.600000"]]


def test_finding_and_paying_due_streams_costs_the_same_statements_for_one_or_many(
    django_assert_max_num_queries,
):
    worker, platform = WorkerFactory(), PlatformFactory(funds="100000")
    for _ in range(20):
        running_stream(worker, total="36", platform=platform)

    # 16 shards of which a single shard has work: a savepoint pair, a lock and a look each, and the batch's
    # own.
    with django_assert_max_num_queries(16 * 4 + 20):
        assert payments.release_due_streams(now=NOW + seconds(60)) == 20
    assert LedgerEntry.objects.filter(kind="release").count() == 20
