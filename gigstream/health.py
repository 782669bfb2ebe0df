"""Whether this process lives, whether it should get requests, and whether the jobs run."""

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

from audit.jobs import late_jobs
from gigstream.lib.cache import redis_away
from gigstream.lib.clock import database_now
from gigstream.metrics.figures import stream_lateness_seconds
from payments.health import settlement_health

OK = "ok"
LATE_STREAMS_SECONDS = 60


class Remembered:
    """The parts of one answer, looked at once for all who ask within `HEALTH_CACHE_SECONDS`."""

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
    """GET: this process answers."""

    def get(self, request: Request) -> Response:
        return Response({"status": OK})


class ReadinessView(APIView):
    """GET: 200 when this server can do its work, else 503: take it out. Each part by name.

    How the jobs and payouts are is told and does not count: taking web servers away mends neither.
    """

    def get(self, request: Request) -> Response:
        parts = _readiness.parts()
        ready = all(parts[name] == OK for name in _NEEDED)
        return Response({"status": OK if ready else "degraded", **parts}, status=200 if ready else 503)


class JobsView(APIView):
    """GET: 200 when jobs and releases are on time, else 503: for alarms, not for load balancers."""

    def get(self, request: Request) -> Response:
        parts = _work.parts()
        on_time = all(state == OK for state in parts.values())
        return Response({"status": OK if on_time else "late", **parts}, status=200 if on_time else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return OK


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return f"{len(behind)} to apply" if behind else OK


def _broker() -> str:
    try:
        cache.get("readyz")
    except redis_away():
        return "unreachable"
    return OK


def _jobs() -> str:
    try:
        late = late_jobs()
    except DatabaseError:
        return "unknown"
    return f"late: {', '.join(late)}" if late else OK


def _streams() -> str:
    try:
        seconds = stream_lateness_seconds()
    except DatabaseError:
        return "unknown"
    return f"late: {seconds:.0f} s" if seconds > LATE_STREAMS_SECONDS else OK


def _payouts() -> str:
    try:
        return settlement_health(database_now()).text()
    except DatabaseError:
        return "unknown"


_NEEDED: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
}
_readiness = Remembered(
    lambda: {name: look() for name, look in {**_NEEDED, "jobs": _jobs, "payouts": _payouts}.items()}
)
_work = Remembered(lambda: {"jobs": _jobs(), "streams": _streams()})
