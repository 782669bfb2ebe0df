"""Usage from a platform's report to the sums of its days."""

import pytest

from platforms import services as platforms
from platforms.models import CreatorDay, PlatformDay, WorkDay
from tests.support.creators.catalogue import creator, work
from tests.support.factories import NOW

pytestmark = pytest.mark.django_db


def event(number: int, of, kind="play", listener="ann", at=NOW, **more):
    found = {
        "id": f"e{number}",
        "work": of.external_id,
        "kind": kind,
        "listener": listener,
        "occurred_at": at.isoformat(),
    }
    return found | more


def test_a_first_batch():
    platforms.make_months([NOW.date().replace(day=1)])
    song = work(creator())
    platform_id = song.platform_id
    result = platforms.report_usage(
        platform_id=platform_id,
        items=[
            event(1, song, seconds=30),
            event(2, song, kind="like"),
            event(3, song, kind="purchase", amount="2.50"),
        ],
        now=NOW,
    )
    assert result.refused == {}
    assert len(result.accepted) == 3
    day = WorkDay.objects.get()
    assert (day.plays, day.listeners, day.likes, day.sales) == (1, 1, 1, 2.5)
    again = platforms.report_usage(
        platform_id=platform_id,
        items=[
            event(1, song, seconds=30),
            event(2, song, kind="like"),
            event(3, song, kind="purchase", amount="2.60"),
        ],
        now=NOW,
    )
    assert list(again.replayed) == [1, 0]
    assert again.refused[2].reason == "conflict"
    assert CreatorDay.objects.get().plays == PlatformDay.objects.get().plays == 1
