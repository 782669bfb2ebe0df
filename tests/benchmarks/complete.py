"""Fixed tasks, made ready and then completed in turn through the service that the API calls."""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection

from payments import services as payments
from platforms import services as platforms
from platforms.invitations.enums import ConsentSource
from platforms.models import Platform
from tests.benchmarks import plans
from tests.benchmarks.books import check_books
from workers.models import Worker

PAY = "12.50"
TITLE = 72
_ready: list[Any] = []
_numbers = itertools.count()


def prepare(count: int) -> dict[str, int]:
    """So many tasks are in progress, their pay held, spread over the platforms and workers."""
    owners = list(Platform.objects.order_by("pk").values_list("pk", flat=True))
    people = list(Worker.objects.order_by("pk").values_list("pk", flat=True))
    for platform_id in owners:
        key = f"0x{next(_numbers):064x}"
        payments.book_deposit(platform_id=platform_id, amount=str(20 * count), tx_hash=key)
    for platform_id, worker_id in {(owners[n % len(owners)], people[n % len(people)]) for n in range(count)}:
        platforms.give_consent(worker_id=worker_id, platform_id=platform_id, source=ConsentSource.INVITATION)
    for n in range(count):
        platform_id, worker_id = owners[n % len(owners)], people[n % len(people)]
        task = platforms.create_task(
            platform_id=platform_id, plan=platforms.TaskPlan(title="Task", amount=PAY, task_type="fixed")
        )
        platforms.assign_task(task_id=task.pk, worker_id=worker_id)
        platforms.start_task(task_id=task.pk)
        _ready.append(task.pk)
    return {"count": count}


def post() -> dict[str, int]:
    """Complete every task that was made ready."""
    count = len(_ready)
    while _ready:
        platforms.complete_task(task_id=_ready.pop())
    return {"count": count}


def parts() -> dict[str, Any]:
    """Complete every task that was made ready; return the seconds spent in each of its statements, and in
    all."""
    count, spent, seen = len(_ready), Counter(), Counter()

    def timed(execute: Callable[..., Any], text: str, parameters: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(text, parameters, many, context)
        finally:
            spent[_title(text)] += time.perf_counter() - began
            seen[_title(text)] += 1

    began = time.perf_counter()
    with connection.execute_wrapper(timed):
        post()
    whole = time.perf_counter() - began
    each = [[title, seen[title] / count, seconds / count] for title, seconds in spent.most_common()]
    return {"statements": each, "whole": whole / count}


def _title(text: str) -> str:
    """Return the beginning of a statement."""
    return " ".join(text.replace('"', "").split())[:TITLE]


def explain() -> dict[str, list[str]]:
    """Return the plans behind the next completion."""
    return plans.explain(lambda: platforms.complete_task(task_id=_ready[-1]))


COMMANDS = {"check_books": check_books, "prepare": prepare, "post": post, "parts": parts, "explain": explain}
