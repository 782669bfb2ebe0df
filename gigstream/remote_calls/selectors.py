"""Health of outside services, as their calls on record and their breakers show it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count, Q

from gigstream.remote_calls.enums import BreakerState
from gigstream.remote_calls.models import CircuitBreaker, RemoteCall


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Calls that ended, those of them that failed, and the mean time to an end in milliseconds."""

    calls: int
    failed: int
    mean_milliseconds: float


def call_figures(calls: type[RemoteCall], *, after: datetime, until: datetime) -> CallFigures:
    """Return the figures of the calls that started in this time and have ended."""
    found = calls._default_manager.filter(
        started_at__gt=after, started_at__lte=until, ended_at__isnull=False
    ).aggregate(
        calls=Count("id"), failed=Count("id", filter=Q(error_class__isnull=False)), mean=Avg("milliseconds")
    )
    return CallFigures(found["calls"], found["failed"], found["mean"] or 0)


def last_answer_at(calls: type[RemoteCall], *, until: datetime) -> datetime | None:
    """Return when the newest call ended that was answered and started until then."""
    answered = calls._default_manager.filter(
        started_at__lte=until, error_class__isnull=True, ended_at__isnull=False
    )
    return answered.order_by("-started_at").values_list("ended_at", flat=True).first()


def services_with_open_breakers() -> list[str]:
    open_ = CircuitBreaker.objects.exclude(state=BreakerState.CLOSED).order_by("service")
    return list(open_.values_list("service", flat=True))
