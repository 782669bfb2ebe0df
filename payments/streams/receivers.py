"""Rules that follow a stream's changes (domain.md, section 5), and the events about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import pre_save
from django.dispatch import receiver

from gigstream.core.clock import database_now
from gigstream.core.errors import GuardedWrite
from payments.earnings.services.funding import LedgerFunding
from payments.models import Stream
from payments.signals import (
    streams_cancelled,
    streams_completed,
    streams_opened,
    streams_paused,
    streams_released,
    streams_resumed,
    streams_topped_up,
)
from payments.streams import payloads
from payments.streams.enums import OPEN_STREAMS, StreamStatus
from payments.streams.releases import PlatformReleases
from payments.streams.services.streams import ended_at
from payments.streams.vocabulary import (
    STREAM_CANCELLED,
    STREAM_COMPLETED,
    STREAM_OPENED,
    STREAM_PAUSED,
    STREAM_RELEASED,
    STREAM_RESUMED,
    STREAM_TOPPED_UP,
)
from platforms.events.services.events import NewEvent, publish_events
from platforms.tasks import funding

funding.register(LedgerFunding())


COMPLETING = frozenset({"status", "completed_at", "paused_at", "next_release_at"})


@receiver(pre_save, sender=Stream)
def update_stream_amounts(
    instance: Stream, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """Set the remaining amount before a stream is saved (the column itself is generated), and complete the
    stream when nothing remains."""
    instance.remaining_amount = instance.total_amount - instance.released_amount
    if instance.remaining_amount or instance.status not in OPEN_STREAMS:
        return
    needed = COMPLETING | {"parked_at"} if instance.parked_at else COMPLETING
    if update_fields is not None and not update_fields >= needed:
        raise GuardedWrite(f"this save completes stream {instance.pk}: it must write {sorted(needed)}")
    instance.completed_at = instance.completed_at or ended_at(instance, database_now())
    instance.status = StreamStatus.COMPLETED
    instance.paused_at = None
    instance.next_release_at = None
    instance.parked_at = None


def _publish_streams(streams: Sequence[Stream], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(stream.platform_id, type_, payloads.of_stream(stream), now) for stream in streams
    )


@receiver(streams_opened)
def publish_streams_opened(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_OPENED, now)


@receiver(streams_released)
def publish_streams_released(releases: Sequence[PlatformReleases], now: datetime, **kwargs: Any) -> None:
    """Publish an event for each platform of the batch."""
    publish_events(
        NewEvent(part.platform_id, STREAM_RELEASED, payloads.of_releases(part, now), now) for part in releases
    )


@receiver(streams_paused)
def publish_streams_paused(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_PAUSED, now)


@receiver(streams_resumed)
def publish_streams_resumed(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_RESUMED, now)


@receiver(streams_topped_up)
def publish_streams_topped_up(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_TOPPED_UP, now)


@receiver(streams_completed)
def publish_streams_completed(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_COMPLETED, now)


@receiver(streams_cancelled)
def publish_streams_cancelled(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _publish_streams(streams, STREAM_CANCELLED, now)
