"""Drawings for staff: the earnings of a worker, the schedule of a stream, the runway of a platform."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html_join

from gigstream.adminkit import EMPTY, Drawing, Figures, Picture, draw_bars, draw_line, show_on
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from payments.figures.selectors.days import daily_earnings
from payments.ledger.selectors import platform_balance
from payments.models import Account, LedgerEntry, Stream
from payments.streams.calculations import elapsed_seconds, vested_amount
from payments.streams.enums import StreamStatus
from payments.streams.selectors import stream_steps
from platforms.models import Platform
from workers.models import Worker

EARNING_DAYS = 30
STEPS = 120


def _draw_earnings(worker: Worker) -> Picture | None:
    """Draw a bar for each of the last days of 24 hours; None for a worker without earnings in them."""
    now = database_now()
    earned = daily_earnings([worker.pk], now=now, days=EARNING_DAYS).get(worker.pk, [])
    amounts = [Decimal(0)] * (EARNING_DAYS - len(earned)) + earned
    if not any(amounts):
        return None
    days = [now - timedelta(days=ago) for ago in range(EARNING_DAYS - 1, -1, -1)]
    words = [f"{usdc(amount)} until {day:%Y-%m-%d %H:%M}" for amount, day in zip(amounts, days, strict=True)]
    height = f"{usdc(max(amounts))} on the best day, {usdc(sum(amounts, Decimal(0)))} in all"
    return Picture(draw_bars(amounts, words), height, f"{days[0]:%Y-%m-%d}", f"{now:%Y-%m-%d}")


def _draw_schedule(stream: Stream) -> Picture:
    """Draw the released and the vested amount of a stream over time, up to now and as planned to its end."""
    now = database_now()
    last = stream.end_at + (now - stream.paused_at if stream.paused_at else timedelta(0))
    stopped = stream.cancelled_at or stream.completed_at or stream.paused_at
    at = min(now, stopped or now)
    elapsed = elapsed_seconds(
        start_at=stream.start_at, paused_for=stream.paused_for, duration=stream.duration_seconds, at=at
    )
    due = max(
        vested_amount(stream.total_amount, duration=stream.duration_seconds, elapsed=elapsed),
        stream.released_amount,
    )
    released = [
        (_since_start(stream, moment), amount) for moment, amount in stream_steps(stream, steps=STEPS)
    ]
    begin, here = (Decimal(0), Decimal(0)), (_since_start(stream, at), due)
    end = (_since_start(stream, last), Decimal(0))
    within = (max(end[0], here[0]), stream.total_amount)
    shapes = [
        draw_line(
            [begin, *released, (here[0], stream.released_amount)], kind="done", within=within, steps=True
        ),
        draw_line([begin, *released, here], kind="due", within=within),
    ]
    legend = [("done", f"released {usdc(stream.released_amount)}"), ("due", f"vested {usdc(due)}")]
    if stream.status in (StreamStatus.ACTIVE, StreamStatus.PAUSED):
        shapes.append(draw_line([here, (end[0], stream.total_amount)], kind="planned", within=within))
        legend.append(("planned", f"planned {usdc(stream.total_amount)}"))
    return Picture(
        format_html_join("", "{}", ((shape,) for shape in shapes)),
        usdc(stream.total_amount),
        f"{stream.start_at:%Y-%m-%d %H:%M}",
        f"{last:%Y-%m-%d %H:%M}",
        legend,
    )


def _since_start(stream: Stream, at: Any) -> Decimal:
    return Decimal(max((at - stream.start_at) // timedelta(seconds=1), 0))


def _runway_row(platform: Platform) -> Sequence[Sequence[object]]:
    """Return the platform's balances, its open work, and the days that the available money lasts."""
    found = platform_balance(platform.pk, database_now())
    runway = EMPTY if found["runway_days"] is None else f"{found['runway_days']} days"
    amounts = (found["available"], found["escrow"], found["unreleased"], found["streaming_per_hour"])
    work = (found["open_tasks"], found["open_streams"], usdc(found["posted_per_day"]))
    return [(*map(usdc, amounts), *work, runway)]


show_on(Worker, Drawing("Earnings of the last 30 days", Account, _draw_earnings))
show_on(Stream, Drawing("Released and vested", LedgerEntry, _draw_schedule, opened=True))
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
        _runway_row,
    ),
)
