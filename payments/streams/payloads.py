"""Payloads of events about streams: all that a platform may know of a row."""

from datetime import datetime
from typing import Any

from gigstream.api.rendering.json import dump_json
from payments.models import Stream
from payments.streams.releases import PlatformReleases
from platforms.events.payloads import money


def of_stream(stream: Stream) -> dict[str, Any]:
    """Return the stream as it is now. `released_amount` includes the releases up to `sequence`."""
    return {
        "id": stream.pk,
        "created_at": stream.created_at,
        "task_id": stream.task_id,
        "worker_id": stream.worker_id,
        "status": stream.status,
        "total_amount": money(stream.total_amount),
        "released_amount": money(stream.released_amount),
        "sequence": stream.sequence,
        "release_interval": stream.release_interval,
        "duration_seconds": stream.duration_seconds,
        "start_at": stream.start_at,
        "end_at": stream.end_at,
        "paused_at": stream.paused_at,
        "completed_at": stream.completed_at,
        "cancelled_at": stream.cancelled_at,
    }


def of_releases(releases: PlatformReleases, now: datetime) -> str:
    """Return a platform's part of a batch as JSON text, around the list that SQL has made."""
    return (
        f'{{"count": {releases.count}, "total": "{money(releases.total)}",'
        f' "released_at": {dump_json(now).decode()}, "releases": {releases.items}}}'
    )
