"""Streams whose release has failed: deferred for a while, then parked until staff look."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from audit.approvals.services import require_reason
from audit.log import services as audit
from audit.log.services import Record, verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from payments.models import Stream
from payments.streams.enums import StreamStatus
from payments.streams.errors import StreamNotParked

logger = logging.getLogger(__name__)

PARKED_AFTER = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


def wait_after(failures: int) -> timedelta:
    """Return how long a stream waits after so many failures in a row: 1, 2, 4, … minutes, at most an hour."""
    return min(FIRST_WAIT * 2 ** min(failures - 1, 6), LONGEST_WAIT)


@in_unit
def set_stream_aside(*, stream_id: UUID, error: Exception, now: datetime) -> None:
    """Defer the stream whose release has just failed, each time for twice as long, and park it at the eighth
    failure. The pay is not lost: a later release or claim pays all that has vested by then."""
    stream = (
        Stream.objects.due(now)
        .filter(pk=stream_id)
        .select_for_update(skip_locked=True, no_key=True)
        .only("release_failures")
        .first()
    )
    if stream is None:
        return
    failures = stream.release_failures + 1
    columns: dict[str, object] = {"next_release_at": now + wait_after(failures)}
    if failures >= PARKED_AFTER:
        columns = {"next_release_at": None, "parked_at": now}
        metadata = {"error": type(error).__name__, "failures": failures}
        audit.record_many([Record("stream.park", "stream", str(stream_id), metadata=metadata)], now=now)
        logger.error("stream %s is parked after %s failed releases", stream_id, failures)
    Stream.unguarded.filter(pk=stream_id).update(release_failures=failures, **columns)


@verb("stream.unpark", "stream")
def release_parked_stream(*, stream_id: UUID, reason: str, now: datetime | None = None) -> Stream:
    """Try the releases of a parked stream again from now on. Raises StreamNotParked or ReasonMissing."""
    reason = require_reason(reason)
    stream = Stream.objects.locked().get(pk=stream_id)
    now = now or database_now()
    if stream.parked_at is None or stream.status != StreamStatus.ACTIVE:
        raise StreamNotParked(
            f"stream {stream.reference} is {stream.status} and not parked", status=stream.status
        )
    failures = stream.release_failures
    stream.next_release_at = now
    stream.parked_at = None
    stream.release_failures = 0
    stream.save()
    audit.record("stream.unpark", stream, before={"failures": failures}, metadata={"reason": reason}, now=now)
    return stream
