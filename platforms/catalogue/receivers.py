"""Events about creators and works, and the closing of creators who leave."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from platforms.catalogue import payloads
from platforms.catalogue.services.closing import close_creators_of_worker
from platforms.catalogue.vocabulary import (
    CREATOR_CLOSED,
    CREATOR_VERIFIED,
    WORK_MOVED,
    WORK_PUBLISHED,
    WORK_WITHDRAWN,
)
from platforms.events.services.events import NewEvent, publish_events
from platforms.models import CreatorProfile, Work, WorkMove
from platforms.signals import (
    creators_closed,
    creators_verified,
    works_moved,
    works_published,
    works_withdrawn,
)
from workers.models import Worker
from workers.signals import worker_deleted


def _publish_creators(creators: Sequence[CreatorProfile], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(creator.platform_id, type_, payloads.of_creator(creator), now) for creator in creators
    )


def _publish_works(works: Sequence[Work], type_: str, now: datetime) -> None:
    publish_events(NewEvent.of(work.platform_id, type_, payloads.of_work(work), now) for work in works)


@receiver(creators_verified)
def publish_creators_verified(creators: Sequence[CreatorProfile], now: datetime, **kwargs: Any) -> None:
    _publish_creators(creators, CREATOR_VERIFIED, now)


@receiver(creators_closed)
def publish_creators_closed(creators: Sequence[CreatorProfile], now: datetime, **kwargs: Any) -> None:
    _publish_creators(creators, CREATOR_CLOSED, now)


@receiver(works_published)
def publish_works_published(works: Sequence[Work], now: datetime, **kwargs: Any) -> None:
    _publish_works(works, WORK_PUBLISHED, now)


@receiver(works_withdrawn)
def publish_works_withdrawn(works: Sequence[Work], now: datetime, **kwargs: Any) -> None:
    _publish_works(works, WORK_WITHDRAWN, now)


@receiver(works_moved)
def publish_works_moved(moves: Sequence[WorkMove], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(
            move.work.platform_id,
            WORK_MOVED,
            {**payloads.of_work(move.work), "former_creator_id": move.from_creator_id},
            now,
        )
        for move in moves
    )


@receiver(worker_deleted)
def close_creators(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """Close the creator profiles of a worker whose account is closed."""
    close_creators_of_worker(worker=worker, now=now)
