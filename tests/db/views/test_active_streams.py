"""Active streams: the vested amount and the next release."""

from decimal import Decimal

import pytest

from payments import services as payments
from payments.figures.reports import ActiveStream
from tests.support.factories import (
    WorkerFactory,
    running_stream,
    seconds,
)
from tests.support.histories import (
    columns,
)

pytestmark = pytest.mark.django_db


def test_an_active_stream_shows_what_vested_and_when_it_releases_next(now, platform):
    worker = WorkerFactory(now=now)
    stream = running_stream(worker, platform=platform, total="100", now=now - seconds(90))
    payments.release_due_streams(now=now)

    row = ActiveStream.objects.get(stream=stream)

    assert columns(row) == {
        "stream": stream.pk,
        "task": stream.task_id,
        "task_title": stream.task.title,
        "worker": worker.pk,
        "worker_name": worker.full_name,
        "platform": platform.pk,
        "platform_name": platform.name,
        "total_amount": 100,
        "released_amount": Decimal("1.666666"),
        "remaining_amount": Decimal("98.333334"),
        "vested_amount": Decimal("2.5"),
        "claimable_amount": Decimal("0.833334"),
        "progress_percent": Decimal("1.67"),
        "releases": 1,
        "release_interval": 60,
        "start_at": now - seconds(90),
        "end_at": now + seconds(3510),
        "next_release_at": now + seconds(30),
        "seconds_to_next_release": 30,
    }


def test_a_stream_resumed_counts_without_its_pause(now, platform):
    stream = running_stream(WorkerFactory(now=now), platform=platform, total="3600", now=now - seconds(300))
    payments.pause_stream(stream_id=stream.pk, now=now - seconds(200))
    assert not ActiveStream.objects.filter(stream=stream).exists()
    payments.resume_stream(stream_id=stream.pk, now=now - seconds(150))

    row = ActiveStream.objects.get(stream=stream)

    assert (row.released_amount, row.vested_amount, row.claimable_amount) == (100, 250, 150)
    assert row.progress_percent == Decimal("2.78")
    assert row.seconds_to_next_release == 0


def test_streams_that_ended_are_not_active(now, platform):
    stream = running_stream(WorkerFactory(now=now), platform=platform, now=now)
    payments.cancel_stream(stream_id=stream.pk, now=now)

    assert list(ActiveStream.objects.all()) == []
