"""A stream whose release keeps failing: it is set aside, parked and taken up again, and holds up nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from audit.log.errors import ReasonMissing
from audit.models import AuditLog
from payments import services as payments
from payments.models import Stream
from payments.signals import streams_released
from payments.streams.errors import StreamNotParked
from payments.streams.services.parked_streams import wait_after
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, running_stream, seconds
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400


@contextmanager
def poisoned(stream: Stream, error: Exception) -> Iterator[None]:
    """Make every release of the stream raise the error."""

    def refuse(releases: Any, **kwargs: Any) -> None:
        if any(str(stream.pk) in one.items for one in releases):
            raise error

    streams_released.connect(refuse)
    try:
        yield
    finally:
        streams_released.disconnect(refuse)


def streams_of_every_shard(platform: Any) -> dict[int, list[Stream]]:
    """Two streams in each of the 16 shards."""
    found: dict[int, list[Stream]] = {shard: [] for shard in range(16)}
    while any(len(streams) < 2 for streams in found.values()):
        worker = WorkerFactory()
        streams = found[worker.pk.int % 16]
        if len(streams) < 2:
            streams.append(running_stream(worker, total="36", platform=platform))
    return found


@pytest.mark.long_form
@pytest.mark.parametrize(
    "error", spread([OverflowError("41st"), KeyError("rule"), AssertionError()], of="errors", one_in=3)
)
def test_a_stream_that_failed_41_times_keeps_nobody_from_their_pay(error, books_balance):
    by_shard = streams_of_every_shard(PlatformFactory(funds="100000"))
    bad = by_shard[1][0]
    others = [one for streams in by_shard.values() for one in streams if one.pk != bad.pk]
    Stream.unguarded.filter(pk=bad.pk).update(release_failures=41)

    with poisoned(bad, error):
        assert payments.release_due_streams(now=NOW + seconds(60)) == 31

    assert {balance(one.worker, "available") for one in others} == {Decimal("0.60")}
    assert balance(bad.worker, "available") == 0
    books_balance()


def test_a_stream_is_parked_after_eight_failures_and_tried_no_more(books_balance):
    stream = running_stream(total="864", duration=DAY)
    tries = []

    with poisoned(stream, ZeroDivisionError("a rule")):
        now = NOW
        for _ in range(8):
            now = Stream.objects.get().next_release_at
            tries.append((now - NOW).total_seconds() / 60)
            payments.release_due_streams(now=now)
        parked = Stream.objects.get()
        assert payments.release_due_streams(now=now + seconds(3 * 3600)) == 0

    assert tries == [1, 2, 4, 8, 16, 32, 64, 124], "1, 2, 4, 8, 16, 32 and 60 minutes apart"
    assert (parked.parked_at, parked.next_release_at, parked.release_failures) == (now, None, 8)
    assert parked.status == "active"
    line = AuditLog.objects.get(action="stream.park")
    assert (line.resource_id, line.metadata) == (
        str(stream.pk),
        {"error": "ZeroDivisionError", "failures": 8},
    )
    books_balance()


def parked_stream(**columns: Any) -> Stream:
    stream = running_stream(total="36", **columns)
    Stream.unguarded.filter(pk=stream.pk).update(
        parked_at=NOW + seconds(60), next_release_at=None, release_failures=8
    )
    return stream


def test_staff_have_a_parked_stream_released_again(books_balance):
    stream = parked_stream()

    with pytest.raises(ReasonMissing):
        payments.release_parked_stream(stream_id=stream.pk, reason=" ", now=NOW + seconds(600))
    payments.release_parked_stream(stream_id=stream.pk, reason="rule mended", now=NOW + seconds(600))

    assert payments.release_due_streams(now=NOW + seconds(600)) == 1
    stream.refresh_from_db()
    assert (stream.parked_at, stream.release_failures, stream.released_amount) == (None, 0, 6)
    assert AuditLog.objects.get(action="stream.unpark").metadata == {"reason": "rule mended"}
    with pytest.raises(StreamNotParked, match="is active and not parked"):
        payments.release_parked_stream(stream_id=stream.pk, reason="again", now=NOW + seconds(600))
    books_balance()


@pytest.mark.parametrize("act", spread(["claim", "pause", "cancel"], of="parked", one_in=3))
def test_an_act_on_a_parked_stream_pays_what_has_vested(act, books_balance):
    stream = parked_stream()
    acts = {"claim": payments.claim_stream, "pause": payments.pause_stream, "cancel": payments.cancel_stream}

    acts[act](stream_id=stream.pk, now=NOW + seconds(600))

    stream.refresh_from_db()
    assert (stream.parked_at, balance(stream.worker, "available")) == (None, 6)
    books_balance()


def test_a_parked_stream_that_comes_to_its_end_is_settled_by_the_next_act_on_it(books_balance):
    stream = parked_stream(duration=3600)

    assert payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(4000)) == 36

    stream.refresh_from_db()
    assert (stream.status, stream.parked_at) == ("completed", None)
    books_balance()


@pytest.mark.parametrize("number", spread([0, 9], of="set aside", one_in=2))
def test_of_streams_that_are_due_at_one_instant_the_one_that_fails_is_set_aside(number, books_balance):
    worker, platform = WorkerFactory(), PlatformFactory(funds="100000")
    streams = [running_stream(worker, total="36", platform=platform) for _ in range(10)]

    with poisoned(streams[number], RuntimeError("a rule")):
        assert payments.release_due_streams(now=NOW + seconds(60)) == 9

    assert [one.pk for one in Stream.objects.filter(release_failures__gt=0)] == [streams[number].pk]
    assert balance(worker, "available") == Decimal("5.40")
    books_balance()


def test_the_wait_of_a_stream_grows_to_an_hour_and_no_further():
    assert [wait_after(failures).total_seconds() / 60 for failures in (1, 2, 6, 7, 8, 41, 10_000)] == [
        1,
        2,
        32,
        60,
        60,
        60,
        60,
    ]
