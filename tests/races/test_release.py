"""Several releasers on the same streams, and how each of them goes on while another is held up."""

from decimal import Decimal
from functools import partial
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction

from payments import services as payments
from payments.ledger.services import ledger
from payments.models import LedgerEntry, Stream
from payments.streams.errors import NothingToClaim
from payments.streams.services import release
from tests.support.database.interleaving import acts
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, running_stream, seconds

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_releasers_pay_every_stream_exactly_once(at_once, books_balance):
    platform = PlatformFactory(funds="100000")
    workers = [WorkerFactory() for _ in range(10)]
    for worker in workers:
        for _ in range(4):
            running_stream(worker, total="36", duration=3600, interval=60, platform=platform)
    later = NOW + seconds(600)

    paid, refusals = at_once(*[partial(payments.release_due_streams, now=later)] * 4)

    assert not refusals
    assert payments.release_due_streams(now=later) + sum(paid) == 40
    assert LedgerEntry.objects.filter(kind="release").count() == 40
    assert {balance(worker, "available") for worker in workers} == {Decimal("24")}
    books_balance()


def test_lanes_share_the_shards_and_together_miss_none(at_once, books_balance):
    platform = PlatformFactory(funds="100000")
    for _ in range(24):
        running_stream(WorkerFactory(), total="36", duration=3600, interval=60, platform=platform)

    counts, _ = at_once(
        partial(payments.release_due_streams, now=NOW + seconds(60), worker_index=0, worker_count=2),
        partial(payments.release_due_streams, now=NOW + seconds(60), worker_index=1, worker_count=2),
    )

    assert sum(counts) == 24
    assert not Stream.objects.due(NOW + seconds(60)).exists()
    books_balance()


def test_two_claims_and_a_release_pay_each_cent_once(at_once, books_balance):
    stream = running_stream(total="36", duration=3600, interval=60)
    claim = partial(payments.claim_stream, stream_id=stream.pk, now=NOW + seconds(630))

    done, refusals = at_once(partial(payments.release_due_streams, now=NOW + seconds(600)), claim, claim)

    assert (len(done), [type(refusal) for refusal in refusals]) == (2, [NothingToClaim])
    assert balance(stream.worker, "available") == Decimal("6.30")
    books_balance()


@pytest.mark.parametrize("shard_lock", ["taken", "lost"])
def test_a_second_releaser_leaves_alone_what_the_first_has_picked(monkeypatch, books_balance, shard_lock):
    if shard_lock == "lost":
        monkeypatch.setattr(release, "try_lock", lambda name, number: True)
    stream = running_stream(total="36", duration=3600, interval=60)
    call = partial(payments.release_due_streams, now=NOW + seconds(600))

    with acts() as start:
        first = start(call, stop_before="workers_locked")
        first.wait_until_stopped()
        assert start(call).outcome() == 0
        assert first.outcome() == 1

    stream.refresh_from_db()
    assert (stream.released_amount, stream.sequence) == (6, 1)
    books_balance()


def test_one_stream_that_cannot_be_released_is_set_aside_and_the_others_are_paid(books_balance):
    platform = PlatformFactory(funds="100000")
    worker = WorkerFactory()
    streams = [running_stream(worker, total="36", platform=platform) for _ in range(3)]
    poisoned = streams[1]
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE streams ADD CONSTRAINT poison CHECK (id <> '{poisoned.pk}' OR released_amount = 0)"
        )
    try:
        payments.release_due_streams(now=NOW + seconds(60))
        poisoned.refresh_from_db()
        assert (poisoned.sequence, poisoned.release_failures) == (0, 1)
        assert poisoned.next_release_at == NOW + seconds(120)
        assert balance(worker, "available") == Decimal("1.20")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE streams DROP CONSTRAINT poison")

    payments.release_due_streams(now=NOW + seconds(120))
    poisoned.refresh_from_db()
    assert (poisoned.released_amount, poisoned.release_failures) == (Decimal("1.2"), 0)
    books_balance()


def test_a_shard_that_another_releaser_works_on_is_left_to_it(at_once):
    stream = running_stream(total="36")
    shards = range(16)

    paid, _ = at_once(
        *[partial(lambda: sum(release.release_batch(shard, NOW + seconds(60), 10) for shard in shards))] * 3
    )

    assert sum(paid) == 1
    stream.refresh_from_db()
    assert stream.sequence == 1


def test_a_shard_that_cannot_be_locked_does_not_keep_the_later_ones_from_their_pay(books_balance):
    platform = PlatformFactory(funds="100000")
    streams = {}
    while len(streams) < 2:
        stream = running_stream(WorkerFactory(), total="36", platform=platform)
        streams.setdefault(stream.shard, stream)
    stuck, free = (streams[shard] for shard in sorted(streams))
    locked, done = Event(), Event()

    def hold_the_balance() -> None:
        try:
            with transaction.atomic():
                ledger.lock([stuck.worker_account_id])
                locked.set()
                done.wait(timeout=30)
        finally:
            connection.close()

    holder = Thread(target=hold_the_balance)
    holder.start()
    assert locked.wait(timeout=10)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20ms'")
        with pytest.raises(OperationalError):
            payments.release_due_streams(now=NOW + seconds(60))
        assert balance(free.worker, "available") == Decimal("0.60")
        assert balance(stuck.worker, "available") == 0
    finally:
        done.set()
        holder.join()
        connection.close()

    payments.release_due_streams(now=NOW + seconds(60))
    assert balance(stuck.worker, "available") == Decimal("0.60")
    books_balance()
