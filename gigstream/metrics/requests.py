"""Counts of requests by operation and status, their durations, and refusals by code.

The processes of a web server write into files of a shared directory (gigstream/gunicorn.py), named by
PROMETHEUS_MULTIPROC_DIR; a process without it counts for itself.
"""

import os
from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from gigstream.api.problems import Problem

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_own = CollectorRegistry()
_requests = Counter("gigstream_requests", "Requests answered.", ("operation", "status"), registry=_own)
_seconds = Histogram(
    "gigstream_request_seconds", "Time to answer.", ("operation",), registry=_own, buckets=SECONDS
)
_refusals = Counter(
    "gigstream_refusals",
    "Requests refused, by the code of the problem: rate_limited, idempotency_mismatch, ...",
    ("operation", "code"),
    registry=_own,
)
_replays = Counter(
    "gigstream_idempotent_replays",
    "Repeated requests that got the stored answer.",
    ("operation",),
    registry=_own,
)


OTHER = "other"


class CountingMiddleware:
    """Middleware that counts requests. It comes first, so that it times the others too."""

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
    """Return the API's operation id, `admin`, the name of another address, or `other`.

    No name is chosen by the caller, so that their number is bounded.
    """
    match = request.resolver_match
    if match is None:
        return OTHER
    if match.namespaces:
        return match.namespaces[0]
    endpoints = getattr(getattr(match.func, "view_class", None), "endpoints", {})
    endpoint = endpoints.get(request.method)
    return endpoint.operation if endpoint else OTHER if endpoints else match.url_name or OTHER


def shared_by_processes() -> bool:
    """Whether the processes of this web server share their counts."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def shared_registry() -> CollectorRegistry:
    """Return the counts of all processes of this web server."""
    if not shared_by_processes():
        return _own
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
