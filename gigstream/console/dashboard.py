"""The staff's first page: what moves, what is stuck and whether all is well, each part for those who may see
what it counts. Every figure is one statement over an index, a roll-up or balances."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse

from audit.models import BookCheck, JobHeartbeat
from gigstream.console.queues import QUEUES, Queue
from gigstream.lib.admin import EMPTY, admin_url, list_url
from gigstream.lib.clock import database_now
from gigstream.lib.money import usdc
from payments import pulse
from payments.enums import EntryKind, StreamStatus, TransactionStatus
from payments.health import State, settlement_health
from payments.models import Account, LedgerEntry, SettlementAttempt, Stream, Transaction
from payments.pulse import PAY, Booked
from payments.reports import DailyTransactionSummary

DAYS, HOURS, SUCCESS_DAYS = 30, 24, 7
CENT = Decimal("0.01")
STATES = {State.GOOD: "ok", State.WARNING: "late", State.CRITICAL: "failed"}
# Where no money has moved or will.
OFF = frozenset({TransactionStatus.FAILED, TransactionStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: what it is, what is to be said with it, where its rows are. An amount is cut to cents;
    `exact` is all of it."""

    title: str
    value: str
    hint: str
    url: str = ""
    exact: str = ""


def _amount(title: str, amount: Decimal, hint: str, url: str = "") -> Card:
    return Card(title, _cents(amount), hint, url, usdc(amount))


def _cents(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, ROUND_DOWN):,} USDC"


def shown(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The page's context, with the figures."""
    return {**context, **dashboard(request)}


def dashboard(request: HttpRequest, *, now: datetime | None = None) -> dict[str, Any]:
    """What the page shows to this member of staff; what they may not see is not there."""
    now = now or database_now()
    booked = pulse.booked_since(_hours(now)[0]) if _may(request, LedgerEntry) else None
    days = pulse.daily_volume(_days(now)[0]) if _may(request, DailyTransactionSummary) else None
    return {
        "now": now,
        "cards": list(_cards(request, now, booked, days)),
        "charts": list(_charts(now, booked, days)),
        "health": _health(now) if _may(request, SettlementAttempt) else None,
        "books": _books() if _may(request, BookCheck) else None,
        "jobs": _jobs(now) if _may(request, JobHeartbeat) else None,
        "may_run": may_run_jobs(request),
        "queues": [_queue(queue, now) for queue in QUEUES if queue.may_see(request)],
    }


def may_run_jobs(request: HttpRequest) -> bool:
    target: Any = admin.site.get_model_admin(JobHeartbeat)
    return bool(target.has_operate_permission(request))


def _may(request: HttpRequest, model: type[Model]) -> bool:
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def _hours(now: datetime) -> list[datetime]:
    """The hours of the chart, the one that runs now last. The day (UTC) is within them."""
    this = now.replace(minute=0, second=0, microsecond=0)
    return [this - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]


def _days(now: datetime) -> list[date]:
    return [now.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


# --- Figures ------------------------------------------------------------------------------------------------
def _cards(
    request: HttpRequest, now: datetime, booked: list[Booked] | None, days: list[dict[str, Any]] | None
) -> Iterator[Card]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if booked is not None:
        released = pulse.sum_of(booked, PAY, today)
        yield _amount("Released today", released.amount, f"{released.count:,} earnings and releases")
    if _may(request, Transaction):
        yield _in_transit(now)
    if booked is not None:
        settled = pulse.sum_of(booked, [EntryKind.PAYOUT_SETTLED], today)
        yield _amount("Settled today", settled.amount, f"{_many(settled.count, 'transfer')} confirmed")
    if _may(request, Account):
        escrow = pulse.in_escrow()
        url = list_url(Account, name__exact="escrow")
        yield _amount("In escrow", escrow.amount, f"of {_many(escrow.count, 'platform')}", url)
    if _may(request, Stream):
        yield _streaming()
    if booked is not None and _may(request, Transaction):
        yield _earned_to_paid(now)
    if days is not None:
        yield _payout_success(now, days)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{pluralize(count)}"


def _in_transit(now: datetime) -> Card:
    found = pulse.under_way()
    oldest = f", the oldest {ago(now - found.oldest_at)} old" if found.oldest_at else ""
    url = list_url(Transaction, status__exact=TransactionStatus.SUBMITTED)
    return _amount("In transit", found.amount, f"{_many(found.count, 'transfer')}{oldest}", url)


def _streaming() -> Card:
    found = pulse.running_streams()
    url = list_url(Stream, status__exact=StreamStatus.ACTIVE)
    more = " or more" if found.at_least else ""
    return Card("Streams running", f"{found.count:,}{more}", f"{_cents(found.amount)}{more} to release", url)


def _earned_to_paid(now: datetime) -> Card:
    found = pulse.earned_to_paid(now)
    if found.median is None or found.p95 is None:
        return Card("Earned to paid", EMPTY, "no payout confirmed in the last day")
    hint = f"median; 95 of 100 within {ago(found.p95)} ({found.payouts} newest)"
    return Card("Earned to paid", ago(found.median), hint)


def _payout_success(now: datetime, days: list[dict[str, Any]]) -> Card:
    settled, failed = pulse.success(days, now.date() - timedelta(days=SUCCESS_DAYS - 1))
    url = list_url(Transaction, status__exact=TransactionStatus.FAILED)
    if not settled + failed:
        return Card("Payout success", EMPTY, f"no payout has ended in {SUCCESS_DAYS} days", url)
    # Cut, not rounded: 100 % is said only when nothing failed.
    per_mille = 1000 * settled // (settled + failed)
    hint = f"{failed:,} of {settled + failed:,} failed in {SUCCESS_DAYS} days"
    return Card("Payout success", f"{per_mille // 10}.{per_mille % 10} %", hint, url)


# --- Charts -------------------------------------------------------------------------------------------------
def _charts(
    now: datetime, booked: list[Booked] | None, days: list[dict[str, Any]] | None
) -> Iterator[dict[str, Any]]:
    if days is not None:
        url = list_url(DailyTransactionSummary)
        yield {"id": "volume", "title": "Volume by day, USDC", "url": url, "data": _volume(now, days)}
    if booked is not None:
        yield {"id": "releases", "title": "Releases by hour (UTC)", "url": "", "data": _releases(now, booked)}


def _volume(now: datetime, days: list[dict[str, Any]]) -> dict[str, Any]:
    """What was made on each day by type, without what came to nothing. Amounts are text, exact."""
    labels = _days(now)
    moved = [day for day in days if day["status"] not in OFF]
    series = []
    for kind in sorted({day["type"] for day in moved}):
        on = {
            one: sum(day["total_amount"] for day in moved if (day["type"], day["day"]) == (kind, one))
            for one in labels
        }
        series.append({"label": kind, "values": [str(on[one]) for one in labels]})
    return {"labels": [f"{one:%d %b}" for one in labels], "series": series, "unit": "USDC"}


def _releases(now: datetime, booked: Collection[Booked]) -> dict[str, Any]:
    """How many releases of streams and earnings were booked in each hour."""
    hours = _hours(now)
    counted = {(one.kind, one.hour): one.entries for one in booked}
    kinds = (("stream releases", EntryKind.RELEASE), ("earnings", EntryKind.EARNING))
    series = [
        {"label": words, "values": [counted.get((kind, hour), 0) for hour in hours]} for words, kind in kinds
    ]
    return {"labels": [f"{hour:%H}:00" for hour in hours], "series": series, "unit": ""}


# --- Whether all is well ------------------------------------------------------------------------------------
def _health(now: datetime) -> dict[str, Any]:
    """The figures of settlement of the last hour, with what each means."""
    found = settlement_health(now)
    lines = [(one, STATES[one.state]) for one in found.figures]
    return {"state": STATES[found.state], "word": found.state.name.lower(), "lines": lines}


def _books() -> dict[str, Any]:
    """The latest run of check_books, with the invariants that did not hold."""
    last = BookCheck.objects.order_by("-checked_at").values_list("checked_at", flat=True).first()
    run = list(BookCheck.objects.filter(checked_at=last).order_by("name")) if last else []
    broken = [(check, admin_url(check)) for check in run if not check.passed]
    return {"at": last, "total": len(run), "broken": broken}


def _jobs(now: datetime) -> list[dict[str, Any]]:
    """Every scheduled job with the age of its last start and whether it is late or failed."""
    beats = JobHeartbeat.objects.in_bulk(list(settings.JOBS))
    return [_job(name, entry["every"], beats.get(name), now) for name, entry in settings.JOBS.items()]


def _job(name: str, every: int, beat: JobHeartbeat | None, now: datetime) -> dict[str, Any]:
    line = {
        "name": name,
        "every": ago(timedelta(seconds=every)),
        "run": reverse("console:run-job", args=[name]),
    }
    started = beat.last_started_at if beat else None
    if beat is None or started is None:
        return {**line, "state": "never", "age": "", "url": "", "error": ""}
    age = max(now - started, timedelta(0))
    late = age > max(3 * timedelta(seconds=every), timedelta(seconds=30))
    state = "failed" if beat.last_error else "late" if late else "ok"
    return {**line, "state": state, "age": ago(age), "url": admin_url(beat), "error": beat.last_error}


def _queue(queue: Queue, now: datetime) -> dict[str, Any]:
    found = queue.waiting(now)
    waited = now - found.oldest_at if found.oldest_at else None
    return {
        "title": queue.title,
        "symbol": queue.symbol,
        "count": found.count_words,
        "age": "" if waited is None else ago(waited),
        "mark": "" if waited is None else queue.mark(waited),
        "url": reverse("console:queue", args=[queue.slug]),
    }


def ago(time: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
