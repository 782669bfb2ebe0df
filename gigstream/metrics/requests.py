"""Every request counted: by operation and status, how long it took, and what it was refused for.

The processes of one web server write into files of a directory that they share (gigstream/gunicorn.py),
named by PROMETHEUS_MULTIPROC_DIR; a process without one counts for itself.
"""

import os
from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from gigstream.lib.api.problems import Problem

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_own = CollectorRegistry()
_requests = Counter("gigstream_requests", "Requests answered.", ("operation", "status"), registry=_own)
_seconds = Histogram(
    "gigstream_request_seconds", "From request to answer.", ("operation",), registry=_own, buckets=SECONDS
)
_refusals = Counter(
    "gigstream_refusals",
    "Requests refused, by the code of the problem: rate_limited, idempotency_mismatch, ...",
    ("operation", "code"),
    registry=_own,
)
_replays = Counter(
    "gigstream_idempotent_replays",
    "Requests that came again and got the first answer.",
    ("operation",),
    registry=_own,
)


OTHER = "other"


class CountingMiddleware:
    """The first of all, so that what the others do is timed as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        operation = operation_of(request)
        _requests.labels(operation, response.status_code).inc()
        _seconds.labels(operation).observe(perf_counter() - began)
        if isinstance(response, Problem):
            _refusals.labels(operation, response.code).inc()
        if response.has_header("Idempotent-Replayed"):
            _replays.labels(operation).inc()
        return response


def operation_of(request: HttpRequest) -> str:
    """What the API's description calls it, `admin`, the name of another address, or `other`: never anything
    that the caller has chosen, so that the number of names is bounded."""
    match = request.resolver_match
    if match is None:
        return OTHER
    if match.namespaces:
        return match.namespaces[0]
    doors = getattr(getattr(match.func, "view_class", None), "doors", {})
    door = doors.get(request.method)
    return door.operation if door else OTHER if doors else match.url_name or OTHER


def shared_by_processes() -> bool:
    """Whether the processes of this web server count together."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def counted() -> CollectorRegistry:
    """All that was counted, by every process of this web server."""
    if not shared_by_processes():
        return _own
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
