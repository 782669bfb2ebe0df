"""Given: points, as quests book them."""

import itertools
from datetime import datetime

from platforms.models import Platform
from reputation.models import PointsEntry
from reputation.points.services import NewPoints, book_points
from tests.support.books import violated
from tests.support.factories import NOW
from workers.models import Worker

_events = itertools.count(10**12)


def new_points(worker: Worker, amount: int, *, platform: Platform | None = None) -> NewPoints:
    """Return points of a further event."""
    return NewPoints(
        worker_id=worker.pk,
        platform_id=platform.pk if platform else None,
        amount=amount,
        reason="a quest",
        quest_event_id=next(_events),
    )


def give_points(
    worker: Worker, amount: int, *, platform: Platform | None = None, now: datetime = NOW
) -> PointsEntry:
    """Book the points of a further event."""
    (entry,) = book_points([new_points(worker, amount, platform=platform)], now=now)
    return entry


def broken_points() -> dict[str, list[str]]:
    """Return the violated invariants but that by which points have an event: those given here have none."""
    return {name: rows for name, rows in violated().items() if name != "quest_event_has_its_points"}
