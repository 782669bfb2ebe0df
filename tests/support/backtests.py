"""Histories for the commands that replay them, and what these print."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

from django.core.management import call_command

from platforms import services as platforms
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    started,
)
from workers.models import Worker

DAY = timedelta(days=1)


def printed(name: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().splitlines()


def earner(amounts: Sequence[int], *, now: datetime) -> Worker:
    """Return a worker who has earned these amounts on as many days up to now, the oldest first; all of it
    counts."""
    worker = WorkerFactory.create(now=now - len(amounts) * DAY)
    payers = {PlatformFactory.create(funds="2000"): Decimal(part) for part in ("0.4", "0.4", "0.2")}
    for number, amount in enumerate(amounts):
        at = now - (len(amounts) - number - 0.5) * DAY
        for platform, part in payers.items() if amount else ():
            task = started(worker, platform=platform, amount=f"{amount * part:.6f}", now=at)
            platforms.complete_task(task_id=task.pk, now=at)
    return worker
