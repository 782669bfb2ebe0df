"""The first page: whether all is well, at a glance."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from audit.models import BookCheck, JobHeartbeat
from gigstream.lib.admin import CappedPaginator, admin_url, list_url
from gigstream.lib.clock import database_now
from payments.enums import StreamStatus, TransactionStatus
from payments.models import Stream, Transaction
from platforms.models import Dispute


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows: the last checks of the books, what is under way, and each job's last run."""
    now = database_now()
    return {**context, "checks": last_checks(), "counts": counts(), "jobs": jobs(now), "now": now}


def last_checks() -> dict[str, Any]:
    """The latest run of check_books, with the invariants that did not hold."""
    last = BookCheck.objects.order_by("-checked_at").values_list("checked_at", flat=True).first()
    run = list(BookCheck.objects.filter(checked_at=last).order_by("name")) if last else []
    return {"at": last, "total": len(run), "broken": [check for check in run if not check.passed]}


def counts() -> list[tuple[str, str, str]]:
    """What is under way: words, how many, and where they are listed."""
    return [
        ("active streams", *_counted(Stream, status__exact=StreamStatus.ACTIVE)),
        ("paused streams", *_counted(Stream, status__exact=StreamStatus.PAUSED)),
        ("transfers pending", *_counted(Transaction, status__exact=TransactionStatus.PENDING)),
        ("transfers submitted", *_counted(Transaction, status__exact=TransactionStatus.SUBMITTED)),
        ("open disputes", *_counted(Dispute, resolved_at__isempty=1)),
    ]


def _counted(model: type[Model], **query: Any) -> tuple[str, str]:
    rows: QuerySet = model._default_manager.order_by("pk")
    wanted = rows.filter(resolved_at=None) if "resolved_at__isempty" in query else rows.filter(**query)
    return CappedPaginator(wanted, 1).count_words, list_url(model, **query)


def jobs(now: datetime) -> list[dict[str, Any]]:
    """Every scheduled job with the age of its last start and whether it is late or failed."""
    beats = JobHeartbeat.objects.in_bulk(list(settings.JOBS))
    return [_job(name, entry["every"], beats.get(name), now) for name, entry in settings.JOBS.items()]


def _job(name: str, every: int, beat: JobHeartbeat | None, now: datetime) -> dict[str, Any]:
    started = beat.last_started_at if beat else None
    if beat is None or started is None:
        return {"name": name, "every": every, "state": "never", "age": "", "url": ""}
    age = max(int((now - started).total_seconds()), 0)
    state = "failed" if beat.last_error else "late" if age > max(3 * every, 30) else "ok"
    return {"name": name, "every": every, "state": state, "age": ago(age), "url": admin_url(beat)}


def ago(seconds: int) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
