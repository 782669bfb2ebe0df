"""Forms and rows of streams for platforms."""

from gigstream.api.fields import Amount, Choice, Id, Instant, StrictSerializer, Text
from gigstream.api.schema.describing import describe_rows
from payments.models import Stream
from payments.streams.enums import StreamStatus

STREAM_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "task_id",
    "worker_id",
    "status",
    "total_amount",
    "released_amount",
    "remaining_amount",
    "sequence",
    "start_at",
    "end_at",
    "duration_seconds",
    "release_interval",
    "next_release_at",
    "paused_at",
    "completed_at",
    "cancelled_at",
    "contract_address",
    "contract_stream_id",
    "metadata",
)


StreamRow = describe_rows("StreamRow", Stream, STREAM_COLUMNS)


WholeStream = describe_rows(
    "WholeStream",
    Stream,
    STREAM_COLUMNS,
    vested_amount=Amount(allow_zero=True, help_text="earned to the second, released or not"),
)


class CancelStreamForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class TopUpForm(StrictSerializer):
    amount = Amount(help_text="more pay; the fee on it is held as well")


class StreamQuery(StrictSerializer):
    """Filters of the list of streams."""

    status = Choice(choices=StreamStatus.values, required=False)
    worker_id = Id(required=False)
    task_id = Id(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)
