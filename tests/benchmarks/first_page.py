"""The figures of the staff's first page, read as the page does, with the time of each statement."""

import statistics
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest

from gigstream.console.dashboard import dashboard_parts
from tests.benchmarks import plans

TIMES = 5
LONGEST_NAME = 90


def _asked_by_staff() -> HttpRequest:
    """Return a request of a member of staff who may see everything."""
    request = HttpRequest()
    request.user = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    return request


def _once(request: HttpRequest) -> list[tuple[str, float]]:
    """Run every statement of the page; return its milliseconds until its rows were there."""
    taken: list[tuple[str, float]] = []

    def measured(execute: Any, text: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        began = time.perf_counter()
        result = execute(text, parameters, many, context)
        taken.append((text, 1000 * (time.perf_counter() - began)))
        return result

    with connection.execute_wrapper(measured):
        dashboard_parts(request)
    return taken


def _name(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return " ".join(" ".join(lines).replace('"', "").split())[:LONGEST_NAME].replace("|", "/")


def time_page() -> dict[str, Any]:
    """Return the median of a few times, of all statements together and of each."""
    request = _asked_by_staff()
    # The first time plans are made and pages are read.
    _once(request)
    rounds = [_once(request) for _ in range(TIMES)]
    each = [
        (_name(calls[0][0]), statistics.median(ms for _, ms in calls)) for calls in zip(*rounds, strict=True)
    ]
    return {
        "total_ms": statistics.median(sum(ms for _, ms in calls) for calls in rounds),
        "statements": sorted(each, key=lambda one: -one[1]),
    }


def explain() -> dict[str, list[str]]:
    """Return the plan of each statement, with its real cost."""
    request = _asked_by_staff()
    return plans.explain(lambda: dashboard_parts(request))


COMMANDS = {"time": time_page, "explain": explain}
