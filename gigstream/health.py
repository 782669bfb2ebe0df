"""Whether this process lives, and whether the system can do its work."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.jobs import late_jobs
from gigstream.lib.cache import redis_away


class HealthView(APIView):
    """GET: this process answers."""

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadinessView(APIView):
    """GET: 200 when database, migrations, broker and jobs are well, else 503; each part by name."""

    def get(self, request: Request) -> Response:
        parts = {name: check() for name, check in _CHECKS.items()}
        ready = all(state == "ok" for state in parts.values())
        return Response({"status": "ok" if ready else "degraded", **parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return f"{len(behind)} to apply" if behind else "ok"


def _broker() -> str:
    try:
        cache.get("readyz")
    except redis_away():
        return "unreachable"
    return "ok"


def _jobs() -> str:
    try:
        late = late_jobs()
    except DatabaseError:
        return "unknown"
    return f"late: {', '.join(late)}" if late else "ok"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "jobs": _jobs,
}
