"""Health endpoints: liveness of this process, readiness for requests, punctuality of the jobs."""

import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gigstream.core.clock import database_now
from gigstream.jobs.registry import late_jobs
from gigstream.metrics.figures import stream_lateness_seconds
from gigstream.network.redis_cache import redis_errors
from payments.oracle.health import oracle_health
from payments.settlement.health import settlement_health

OK = "ok"
LATE_STREAMS_SECONDS = 60


class CachedParts:
    """Cache of an answer's parts for `HEALTH_CACHE_SECONDS`."""

    def __init__(self, look: Callable[[], dict[str, str]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._parts: dict[str, str] = {}
        self._until = 0.0

    def parts(self) -> dict[str, str]:
        """Return each part's state by its name."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._parts = self._look()
                self._until = time.monotonic() + settings.HEALTH_CACHE_SECONDS
            return dict(self._parts)


class HealthView(APIView):
    """Endpoint that always answers 200: the process is alive."""

    def get(self, request: Request) -> Response:
        return Response({"status": OK})


class ReadinessView(APIView):
    """Endpoint that answers 200 when this server can handle requests, else 503, with each part by name.

    The states of jobs, payouts and the oracle are included and do not count: removing a web server mends
    none of them.
    """

    def get(self, request: Request) -> Response:
        parts = _readiness.parts()
        ready = all(parts[name] == OK for name in _NEEDED)
        return Response({"status": OK if ready else "degraded", **parts}, status=200 if ready else 503)


class JobsView(APIView):
    """Endpoint that answers 200 when jobs and releases are on time, else 503: for alarms, not for load
    balancers."""

    def get(self, request: Request) -> Response:
        parts = _work.parts()
        on_time = all(state == OK for state in parts.values())
        return Response({"status": OK if on_time else "late", **parts}, status=200 if on_time else 503)


def _database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return OK


def _migrations_state() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return f"{len(behind)} to apply" if behind else OK


def _broker_state() -> str:
    try:
        cache.get("readyz")
    except redis_errors():
        return "unreachable"
    return OK


def _jobs_state() -> str:
    try:
        late = late_jobs()
    except DatabaseError:
        return "unknown"
    return f"late: {', '.join(late)}" if late else OK


def _streams_state() -> str:
    try:
        seconds = stream_lateness_seconds()
    except DatabaseError:
        return "unknown"
    return f"late: {seconds:.0f} s" if seconds > LATE_STREAMS_SECONDS else OK


def _payouts_state() -> str:
    try:
        return settlement_health(database_now()).text()
    except DatabaseError:
        return "unknown"


def _oracle_state() -> str:
    try:
        return oracle_health(database_now()).text()
    except DatabaseError:
        return "unknown"


_OTHERS: dict[str, Callable[[], str]] = {
    "jobs": _jobs_state,
    "payouts": _payouts_state,
    "oracle": _oracle_state,
}
_NEEDED: dict[str, Callable[[], str]] = {
    "database": _database_state,
    "migrations": _migrations_state,
    "broker": _broker_state,
}
_readiness = CachedParts(lambda: {name: look() for name, look in {**_NEEDED, **_OTHERS}.items()})
_work = CachedParts(lambda: {"jobs": _jobs_state(), "streams": _streams_state()})
