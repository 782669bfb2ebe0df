from datetime import datetime
from decimal import Decimal

from gigstream.core import sql
from payments.models import Stream


def stream_steps(stream: Stream, *, steps: int) -> list[tuple[datetime, Decimal]]:
    """Return times with the amount released by then, in USDC: at most about `steps` points, oldest first."""
    rows = sql.run("payments/streams/stream_steps", stream=stream.pk, releases=stream.sequence, steps=steps)
    return [(row["at"], row["released"]) for row in rows]
