"""Streams whose end has come and that no job has ended yet. They are settled before an act on them is
judged."""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import CommitFirst
from payments.models import Stream
from payments.streams.enums import StreamStatus
from platforms import services as platforms
from platforms.tasks.enums import TaskStatus

logger = logging.getLogger(__name__)

ENDED_AT_ONCE = 100


def longest_pause() -> timedelta:
    """Return how long a platform may pause a stream."""
    return timedelta(days=settings.STREAM_MAX_PAUSE_DAYS)


def require_settled(stream: Stream, now: datetime) -> None:
    """Raise CommitFirst, which settles the locked stream, when it should have ended by `now`."""
    if _is_over(stream, now) or _is_paused_too_long(stream, now):
        raise CommitFirst(partial(settle_stream, stream_id=stream.pk, now=now))


def _is_over(stream: Stream, now: datetime) -> bool:
    return stream.status == StreamStatus.ACTIVE and stream.end_at <= now


def _is_paused_too_long(stream: Stream, now: datetime) -> bool:
    """Whether the platform, and not a dispute, has paused the stream for longer than it may."""
    return (
        stream.paused_at is not None
        and stream.paused_at + longest_pause() <= now
        and stream.task.status == TaskStatus.IN_PROGRESS
    )


def settle_stream(*, stream_id: UUID, now: datetime | None = None) -> bool:
    """Complete a stream that has come to its end, or cancel a stream that was paused for too long, as the
    jobs would; return whether there was anything to do."""
    with acting_as(ActorType.SYSTEM, ""):
        return _settle_locked(stream_id=stream_id, now=now)


@verb("stream.settle", "stream")
def _settle_locked(*, stream_id: UUID, now: datetime | None) -> bool:
    stream = Stream.objects.locked().select_related("task").get(pk=stream_id)
    now = now or database_now()
    if _is_over(stream, now):
        platforms.complete_task(task_id=stream.task_id, now=now)
        return True
    if stream.paused_at is not None and _is_paused_too_long(stream, now):
        platforms.cancel_long_paused_task(
            task_id=stream.task_id, cancelled_at=stream.paused_at + longest_pause(), now=now
        )
        return True
    return False


def end_long_pauses(*, now: datetime | None = None) -> int:
    """Cancel the streams that their platform has paused for longer than it may, each in a transaction of its
    own; return how many."""
    now = now or database_now()
    paused = Stream.objects.filter(
        status=StreamStatus.PAUSED,
        paused_at__lte=now - longest_pause(),
        task__status=TaskStatus.IN_PROGRESS,
    )
    ended = 0
    for stream_id in paused.order_by("paused_at").values_list("pk", flat=True)[:ENDED_AT_ONCE]:
        try:
            ended += settle_stream(stream_id=stream_id, now=now)
        except Exception:
            logger.exception("stream %s was paused for too long and could not be ended", stream_id)
    return ended
