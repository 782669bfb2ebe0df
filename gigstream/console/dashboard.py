"""First page of staff: figures of money, queues, settlement and jobs. A part is shown to those who may view
the rows that it counts. Each figure is a single statement over an index, a roll-up or balances."""

from collections.abc import Collection, Iterator, Sequence
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

from audit.models import BookCheck
from gigstream.adminkit import EMPTY, admin_url, list_url
from gigstream.console.queues import Queue, Waiting, count_waiting, own_and_others
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.jobs.models import JobHeartbeat
from payments.earnings.vocabulary import EARNING
from payments.figures.reports import DailyTransactionSummary
from payments.figures.selectors import pulse
from payments.figures.selectors.pulse import PAY, Booked
from payments.ledger.vocabulary import RELEASE
from payments.models import Account, LedgerEntry, SettlementAttempt, Stream, Transaction
from payments.settlement.health import State, settlement_health
from payments.settlement.payouts.vocabulary import PAYOUT_SETTLED
from payments.settlement.transactions.enums import TransactionStatus
from payments.streams.enums import StreamStatus

DAYS, HOURS, SUCCESS_DAYS = 30, 24, 7
CENT = Decimal("0.01")
STATES = {State.GOOD: "ok", State.WARNING: "late", State.CRITICAL: "failed"}
# States in which no money has moved or will move.
OFF = frozenset({TransactionStatus.FAILED, TransactionStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Card:
    """Figure with a title, a hint and the address of its rows. An amount is cut to cents; `exact` has all
    decimals."""

    title: str
    value: str
    hint: str
    url: str = ""
    exact: str = ""


def _amount_card(title: str, amount: Decimal, hint: str, url: str = "") -> Card:
    return Card(title, _format_cents(amount), hint, url, usdc(amount))


def _format_cents(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, ROUND_DOWN):,} USDC"


def add_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context with the figures added."""
    return {**context, **dashboard_parts(request)}


def dashboard_parts(request: HttpRequest, *, now: datetime | None = None) -> dict[str, Any]:
    """Return the parts of the page that this member of staff may view."""
    now = now or database_now()
    booked = pulse.booked_since(_chart_hours(now)[0]) if _may_view(request, LedgerEntry) else None
    days = pulse.daily_volume(_chart_days(now)[0]) if _may_view(request, DailyTransactionSummary) else None
    return {
        "now": now,
        "cards": list(_figure_cards(request, now, booked, days)),
        "charts": list(_visible_charts(now, booked, days)),
        "health": _settlement_state(now) if _may_view(request, SettlementAttempt) else None,
        "books": _books_state() if _may_view(request, BookCheck) else None,
        "jobs": _job_lines(now) if _may_view(request, JobHeartbeat) else None,
        "may_run": may_run_jobs(request),
        "queues": _queue_lines(request, now),
    }


def may_run_jobs(request: HttpRequest) -> bool:
    target: Any = admin.site.get_model_admin(JobHeartbeat)
    return bool(target.has_operate_permission(request))


def _may_view(request: HttpRequest, model: type[Model]) -> bool:
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def _chart_hours(now: datetime) -> list[datetime]:
    """Return the starts of the chart's hours, the current hour last. They include the UTC day."""
    this = now.replace(minute=0, second=0, microsecond=0)
    return [this - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]


def _chart_days(now: datetime) -> list[date]:
    return [now.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


# --- Figures ------------------------------------------------------------------------------------------------
def _figure_cards(
    request: HttpRequest, now: datetime, booked: list[Booked] | None, days: list[dict[str, Any]] | None
) -> Iterator[Card]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if booked is not None:
        released = pulse.sum_of(booked, PAY, today)
        yield _amount_card("Released today", released.amount, f"{released.count:,} earnings and releases")
    if _may_view(request, Transaction):
        yield _in_transit_card(now)
    if booked is not None:
        settled = pulse.sum_of(booked, [PAYOUT_SETTLED], today)
        yield _amount_card(
            "Settled today", settled.amount, f"{_count_words(settled.count, 'transfer')} confirmed"
        )
    if _may_view(request, Account):
        escrow = pulse.in_escrow()
        url = list_url(Account, name__exact="escrow")
        yield _amount_card("In escrow", escrow.amount, f"of {_count_words(escrow.count, 'platform')}", url)
    if _may_view(request, Stream):
        yield _streams_card()
    if booked is not None and _may_view(request, Transaction):
        yield _earned_to_paid_card(now)
    if days is not None:
        yield _payout_success_card(now, days)


def _count_words(count: int, noun: str) -> str:
    return f"{count:,} {noun}{pluralize(count)}"


def _in_transit_card(now: datetime) -> Card:
    found = pulse.under_way()
    oldest = f", the oldest {format_age(now - found.oldest_at)} old" if found.oldest_at else ""
    url = list_url(Transaction, in_transit="yes")
    return _amount_card("In transit", found.amount, f"{_count_words(found.count, 'transfer')}{oldest}", url)


def _streams_card() -> Card:
    found = pulse.running_streams()
    url = list_url(Stream, status__exact=StreamStatus.ACTIVE)
    more = " or more" if found.at_least else ""
    return Card(
        "Streams running", f"{found.count:,}{more}", f"{_format_cents(found.amount)}{more} to release", url
    )


def _earned_to_paid_card(now: datetime) -> Card:
    found = pulse.earned_to_paid(now)
    if found.median is None or found.p95 is None:
        return Card("Earned to paid", EMPTY, "no payout confirmed in the last day")
    hint = f"median; 95 of 100 within {format_age(found.p95)} ({found.payouts} newest)"
    return Card("Earned to paid", format_age(found.median), hint)


def _payout_success_card(now: datetime, days: list[dict[str, Any]]) -> Card:
    settled, failed = pulse.count_settled(days, now.date() - timedelta(days=SUCCESS_DAYS - 1))
    url = list_url(Transaction, status__exact=TransactionStatus.FAILED)
    if not settled + failed:
        return Card("Payout success", EMPTY, f"no payout has ended in {SUCCESS_DAYS} days", url)
    # Cut, not rounded: 100 % appears only without failures.
    per_mille = 1000 * settled // (settled + failed)
    hint = f"{failed:,} of {settled + failed:,} failed in {SUCCESS_DAYS} days"
    return Card("Payout success", f"{per_mille // 10}.{per_mille % 10} %", hint, url)


# --- Charts -------------------------------------------------------------------------------------------------
def _visible_charts(
    now: datetime, booked: list[Booked] | None, days: list[dict[str, Any]] | None
) -> Iterator[dict[str, Any]]:
    if days is not None:
        url = list_url(DailyTransactionSummary)
        yield {"id": "volume", "title": "Volume by day, USDC", "url": url, "data": _volume_chart(now, days)}
    if booked is not None:
        yield {
            "id": "releases",
            "title": "Releases by hour (UTC)",
            "url": "",
            "data": _releases_chart(now, booked),
        }


def _volume_chart(now: datetime, days: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the amounts by day and type, without failed and cancelled transactions, as exact text."""
    labels = _chart_days(now)
    moved = [day for day in days if day["status"] not in OFF]
    series = []
    for kind in sorted({day["type"] for day in moved}):
        on = {
            date: sum(day["total_amount"] for day in moved if (day["type"], day["day"]) == (kind, date))
            for date in labels
        }
        series.append({"label": kind, "values": [str(on[date]) for date in labels]})
    return {"labels": [f"{date:%d %b}" for date in labels], "series": series, "unit": "USDC"}


def _releases_chart(now: datetime, booked: Collection[Booked]) -> dict[str, Any]:
    """Return the number of stream releases and of earnings by hour."""
    hours = _chart_hours(now)
    counted = {(line.kind, line.hour): line.entries for line in booked}
    kinds = (("stream releases", RELEASE), ("earnings", EARNING))
    series = [
        {"label": words, "values": [counted.get((kind, hour), 0) for hour in hours]} for words, kind in kinds
    ]
    return {"labels": [f"{hour:%H}:00" for hour in hours], "series": series, "unit": ""}


# --- State of operations ------------------------------------------------------------------------------------
def _settlement_state(now: datetime) -> dict[str, Any]:
    """Return the settlement figures of the last hour, each with its state."""
    found = settlement_health(now)
    lines = [(figure, STATES[figure.state]) for figure in found.figures]
    return {"state": STATES[found.state], "word": found.state.name.lower(), "lines": lines}


def _books_state() -> dict[str, Any]:
    """Return the latest run of check_books with its violated invariants."""
    last = BookCheck.objects.order_by("-checked_at").values("checked_at")[:1]
    run = list(BookCheck.objects.filter(checked_at=last).order_by("name"))
    broken = [(check, admin_url(check)) for check in run if not check.passed]
    return {"at": run[0].checked_at if run else None, "total": len(run), "broken": broken}


def _job_lines(now: datetime) -> list[dict[str, Any]]:
    """Return each scheduled job with the age of its last start and its state: ok, late, failed or never."""
    beats = JobHeartbeat.objects.in_bulk(list(settings.JOBS))
    return [_job_line(name, entry["every"], beats.get(name), now) for name, entry in settings.JOBS.items()]


def _job_line(name: str, every: int, beat: JobHeartbeat | None, now: datetime) -> dict[str, Any]:
    line = {
        "name": name,
        "every": format_age(timedelta(seconds=every)),
        "run": reverse("console:run-job", args=[name]),
    }
    started = beat.last_started_at if beat else None
    if beat is None or started is None:
        return {**line, "state": "never", "age": "", "url": "", "error": ""}
    age = max(now - started, timedelta(0))
    late = age > max(3 * timedelta(seconds=every), timedelta(seconds=30))
    state = "failed" if beat.last_error else "late" if late else "ok"
    return {**line, "state": state, "age": format_age(age), "url": admin_url(beat), "error": beat.last_error}


def _queue_lines(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Return the queues that the reader may see: those that they may work on, with the items for them,
    then the others, with all that waits."""
    own, others = own_and_others(request)
    return [
        *_counted(own, count_waiting(own, now, request.user), now, is_own=True),
        *_counted(others, count_waiting(others, now), now, is_own=False),
    ]


def _counted(
    queues: Sequence[Queue], found: Sequence[Waiting], now: datetime, *, is_own: bool
) -> list[dict[str, Any]]:
    lines = [_queue_line(queue, one, now) for queue, one in zip(queues, found, strict=True)]
    return [{**line, "is_own": is_own} for line in lines]


def _queue_line(queue: Queue, found: Waiting, now: datetime) -> dict[str, Any]:
    waited = now - found.oldest_at if found.oldest_at else None
    return {
        "title": queue.title,
        "symbol": queue.symbol,
        "count": found.count_words,
        "age": "" if waited is None else format_age(waited),
        "mark": "" if waited is None else queue.mark(waited),
        "url": reverse("console:queue", args=[queue.slug]),
    }


def format_age(time: timedelta) -> str:
    """Return a duration in its largest fitting unit, such as "3 h"."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
