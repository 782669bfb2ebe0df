"""What a worker has earned, what a platform has left, and how a stream has paid, drawn and worked out."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html_join

from gigstream.lib.admin import EMPTY, Drawing, Figures, Picture, bars, line, show_on
from gigstream.lib.clock import database_now
from gigstream.lib.money import usdc
from payments.calculations import elapsed_seconds, vested
from payments.enums import StreamStatus
from payments.models import Account, LedgerEntry, Stream
from payments.selectors import daily_earnings, platform_balance, stream_steps
from platforms.models import Platform
from workers.models import Worker

EARNING_DAYS = 30
STEPS = 120


def _earnings(worker: Worker) -> Picture | None:
    """A bar for each of the last days of 24 hours; nothing for who has not earned in them."""
    now = database_now()
    earned = daily_earnings([worker.pk], now=now, days=EARNING_DAYS).get(worker.pk, [])
    amounts = [Decimal(0)] * (EARNING_DAYS - len(earned)) + earned
    if not any(amounts):
        return None
    days = [now - timedelta(days=ago) for ago in range(EARNING_DAYS - 1, -1, -1)]
    words = [f"{usdc(amount)} until {day:%Y-%m-%d %H:%M}" for amount, day in zip(amounts, days, strict=True)]
    height = f"{usdc(max(amounts))} on the best day, {usdc(sum(amounts, Decimal(0)))} in all"
    return Picture(bars(amounts, words), height, f"{days[0]:%Y-%m-%d}", f"{now:%Y-%m-%d}")


def _schedule(stream: Stream) -> Picture:
    """What was released when, and what is vested: up to now, and as planned from now to the end."""
    now = database_now()
    last = stream.end_at + (now - stream.paused_at if stream.paused_at else timedelta(0))
    stopped = stream.cancelled_at or stream.completed_at or stream.paused_at
    at = min(now, stopped or now)
    elapsed = elapsed_seconds(
        start_at=stream.start_at, paused_for=stream.paused_for, duration=stream.duration_seconds, at=at
    )
    due = max(
        vested(stream.total_amount, duration=stream.duration_seconds, elapsed=elapsed), stream.released_amount
    )
    released = [(_since(stream, moment), amount) for moment, amount in stream_steps(stream, steps=STEPS)]
    begin, here, end = (Decimal(0), Decimal(0)), (_since(stream, at), due), (_since(stream, last), Decimal(0))
    within = (max(end[0], here[0]), stream.total_amount)
    shapes = [
        line([begin, *released, (here[0], stream.released_amount)], kind="done", within=within, steps=True),
        line([begin, *released, here], kind="due", within=within),
    ]
    legend = [("done", f"released {usdc(stream.released_amount)}"), ("due", f"vested {usdc(due)}")]
    if stream.status in (StreamStatus.ACTIVE, StreamStatus.PAUSED):
        shapes.append(line([here, (end[0], stream.total_amount)], kind="planned", within=within))
        legend.append(("planned", f"planned {usdc(stream.total_amount)}"))
    return Picture(
        format_html_join("", "{}", ((shape,) for shape in shapes)),
        usdc(stream.total_amount),
        f"{stream.start_at:%Y-%m-%d %H:%M}",
        f"{last:%Y-%m-%d %H:%M}",
        legend,
    )


def _since(stream: Stream, at: Any) -> Decimal:
    return Decimal(max((at - stream.start_at) // timedelta(seconds=1), 0))


def _runway(platform: Platform) -> Sequence[Sequence[object]]:
    """What the platform has, what it has promised, and how long what is available lasts."""
    has = platform_balance(platform.pk, database_now())
    runway = EMPTY if has["runway_days"] is None else f"{has['runway_days']} days"
    amounts = (has["available"], has["escrow"], has["unreleased"], has["streaming_per_hour"])
    return [
        (*map(usdc, amounts), has["open_tasks"], has["open_streams"], usdc(has["posted_per_day"]), runway)
    ]


show_on(Worker, Drawing("Earnings of the last 30 days", Account, _earnings))
show_on(Stream, Drawing("Schedule", LedgerEntry, _schedule))
show_on(
    Platform,
    Figures(
        "Balance and runway",
        Account,
        (
            "available",
            "in escrow",
            "of it unreleased",
            "streams release in an hour",
            "open tasks",
            "open streams",
            "posted a day, average of seven",
            "lasts",
        ),
        _runway,
    ),
)
