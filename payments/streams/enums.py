from django.db.models import TextChoices


class StreamStatus(TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


STREAM_MOVES = {
    StreamStatus.ACTIVE: frozenset({StreamStatus.PAUSED, StreamStatus.COMPLETED, StreamStatus.CANCELLED}),
    # A paused stream completes when its task is completed early or a dispute is settled in full.
    StreamStatus.PAUSED: frozenset({StreamStatus.ACTIVE, StreamStatus.COMPLETED, StreamStatus.CANCELLED}),
    StreamStatus.COMPLETED: frozenset(),
    StreamStatus.CANCELLED: frozenset(),
}


OPEN_STREAMS = frozenset({StreamStatus.ACTIVE, StreamStatus.PAUSED})
