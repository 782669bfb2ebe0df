"""Delivery of events to platforms' webhooks: queue, lease, send, mark.

No database transaction is open while a webhook is called. A delivery is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one: an event may arrive twice, under one id,
but is never lost. An attempt is counted when it was made, so a job that dies charges nobody.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast
from psycopg.types.json import Jsonb
from standardwebhooks.webhooks import Webhook

from audit.services import jsonable
from gigstream.lib import outbound, sql
from gigstream.lib.api.rendering import dump
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, require_no_transaction
from platforms.calculations import JITTER_PERCENT, next_attempt_at
from platforms.enums import DeliveryError, DeliveryStatus
from platforms.models import WebhookDelivery, WebhookEndpoint
from platforms.services.endpoints import switch_off

logger = logging.getLogger(__name__)

_SQL = Path(__file__).resolve().parent.parent / "sql"
# Longer than an attempt and all the look-ups before it may take.
LEASE = timedelta(seconds=60)
# A run goes on while an attempt is under way, so that new events of other webhooks do not wait for it. After
# these times it begins no attempt at a webhook that was slow or failed last, then none at all: with the
# longest attempt it ends before a job must.
STARTS_UNWELL_FOR_SECONDS = 15
STARTS_FOR_SECONDS = 30
SLOW_MILLISECONDS = 2_000
LOOK_AGAIN_SECONDS = 0.2
EACH = 20
# A webhook that fails is tried for its other events too, one a thread and so many side by side.
SIDE_BY_SIDE = 4
QUEUED_AT_ONCE = 5_000
FAILING_FOR = timedelta(days=5)
USER_AGENT = "GigStream-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Due:
    """A leased delivery with all that an attempt needs."""

    id: int
    platform_id: UUID
    number: int
    leased_until: datetime
    failing: bool
    event_id: UUID
    request_id: str
    body: str
    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went; nothing is set but `due` where there was none."""

    due: Due
    status_code: int | None = None
    error: DeliveryError | None = None
    retry_after: str | None = None
    milliseconds: int | None = None

    @property
    def tried(self) -> bool:
        return self.milliseconds is not None

    @property
    def arrived(self) -> bool:
        return self.tried and self.error is None


def deliver_webhooks(*, now: datetime | None = None) -> int:
    """Try every delivery that is due, as many as fit into a run; return how many arrived.

    Webhooks are called side by side, each for one event after the other in their order. One that fails has
    its other events tried as well, a few side by side; a slow one delays only its own.
    """
    return _Run(now).go()


@atomic_with_retry
def queue_deliveries(*, now: datetime) -> int:
    """Make a delivery for each new event whose platform has a webhook; return how many were made."""
    count: int = sql.rows(sql.load(_SQL / "queue_deliveries.sql"), {"now": now, "most": QUEUED_AT_ONCE})[0][
        "count"
    ]
    return count


# The webhooks whose last attempt in this process took long: a hint that only decides when attempts begin.
_slow: set[UUID] = set()


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls of one webhook that a thread makes, one after the other."""

    platform_id: UUID
    unwell: bool


class _Run:
    """One run of the job: threads that call webhooks, and this one, which alone talks to the database."""

    def __init__(self, now: datetime | None) -> None:
        self._now = now
        self._began = time.monotonic()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._under_way: dict[Future[None], _Calls] = {}

    def go(self) -> int:
        require_no_transaction()
        arrived = 0
        with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY, thread_name_prefix="webhook") as pool:
            while self._fill(pool):
                arrived += self._collect()
        return arrived

    def _at(self) -> datetime:
        return self._now or database_now()

    def _may_start(self, *, unwell: bool) -> bool:
        longest = STARTS_UNWELL_FOR_SECONDS if unwell else STARTS_FOR_SECONDS
        return time.monotonic() - self._began < longest

    def _fill(self, pool: ThreadPoolExecutor) -> bool:
        """Give free threads what is due now; return whether any thread is at work."""
        free = settings.WEBHOOK_CONCURRENCY - len(self._under_way)
        if free and self._may_start(unwell=False):
            at = self._at()
            queue_deliveries(now=at)
            busy, without_failing = self._not_now()
            leased = _lease(at, free, busy, without_failing=without_failing)
            for platform_id, batch in _by_platform(leased).items():
                calls = _Calls(platform_id, unwell=batch[0].failing or platform_id in _slow)
                self._under_way[pool.submit(self._call, batch, calls.unwell)] = calls
        return bool(self._under_way)

    def _not_now(self) -> tuple[list[UUID], bool]:
        """Return whose webhooks get no thread now, and whether none that fails does: those that have theirs,
        and those that are unwell while half of the threads are with such, or late in the run."""
        of_unwell = Counter(calls.platform_id for calls in self._under_way.values() if calls.unwell)
        well = {calls.platform_id for calls in self._under_way.values() if not calls.unwell}
        full = {platform_id for platform_id, count in of_unwell.items() if count >= SIDE_BY_SIDE}
        skip_unwell = (
            not self._may_start(unwell=True) or 2 * of_unwell.total() >= settings.WEBHOOK_CONCURRENCY
        )
        return [*well, *full, *(_slow if skip_unwell else ())], skip_unwell

    def _call(self, batch: Sequence[Due], unwell: bool) -> None:
        """In a thread: deliver the events in their order, until one fails or the time is over."""
        failed = False
        for due in batch:
            skipped = failed or not self._may_start(unwell=unwell)
            outcome = Outcome(due) if skipped else attempt(due)
            failed = failed or not outcome.arrived
            self._outcomes.put(outcome)

    def _collect(self) -> int:
        """Wait a moment for outcomes, mark those that are there, and forget the threads that are done."""
        done = [future for future in self._under_way if future.done()]
        outcomes = self._drain()
        for one in outcomes:
            (_slow.add if (one.milliseconds or 0) > SLOW_MILLISECONDS else _slow.discard)(one.due.platform_id)
        arrived = mark(outcomes, now=self._at()) if outcomes else 0
        for future in done:
            del self._under_way[future]
            if error := future.exception():
                logger.error("a webhook could not be called", exc_info=error)
        return arrived

    def _drain(self) -> list[Outcome]:
        outcomes = []
        try:
            outcomes.append(self._outcomes.get(timeout=LOOK_AGAIN_SECONDS))
            while True:
                outcomes.append(self._outcomes.get_nowait())
        except Empty:
            return outcomes


@atomic_with_retry
def _lease(
    now: datetime, endpoints: int, busy: Sequence[UUID] = (), *, without_failing: bool = False
) -> list[Due]:
    """Lease due deliveries of up to so many webhooks that are not busy: up to `EACH` of one that is well, the
    next of one that fails."""
    leased = sql.rows(
        sql.load(_SQL / "lease_deliveries.sql"),
        {
            "now": now,
            "endpoints": endpoints,
            "each": EACH,
            "busy": list(busy),
            "without_failing": without_failing,
            "leased_until": now + LEASE,
        },
    )
    rows = (
        WebhookDelivery.objects.filter(pk__in=[row["id"] for row in leased])
        .select_related("event", "platform__webhook")
        .defer("event__payload")
        .annotate(data=Cast("event__payload", TextField()))
        .order_by("platform_id", "sequence")
    )
    return [_due(row, row.data, now) for row in rows]


def _due(row: WebhookDelivery, data: str, now: datetime) -> Due:
    endpoint, platform = row.platform.webhook, row.platform
    overlapping = endpoint.previous_secret_until is not None and endpoint.previous_secret_until > now
    return Due(
        id=row.pk,
        platform_id=row.platform_id,
        number=row.attempts + 1,
        leased_until=now + LEASE,
        failing=endpoint.failing_since is not None,
        event_id=row.event_id,
        request_id=row.event.request_id,
        body=_body(row, data),
        url=platform.webhook_url,
        secrets=(platform.webhook_secret, *([endpoint.previous_secret] if overlapping else [])),
    )


def _body(row: WebhookDelivery, data: str) -> str:
    """The same text with every attempt. `data` goes in as the database wrote it."""
    event = row.event
    head = {"id": event.pk, "type": event.type, "timestamp": event.created_at, "sequence": event.sequence}
    return f'{dump(head).decode()[:-1]},"data":{data}}}'


def _by_platform(batch: Sequence[Due]) -> dict[UUID, list[Due]]:
    groups: dict[UUID, list[Due]] = {}
    for due in batch:
        groups.setdefault(due.platform_id, []).append(due)
    return groups


def attempt(due: Due) -> Outcome:
    """One request to the webhook. Only an answer of 2xx counts, and a redirect is none."""
    began = time.monotonic()
    status_code, retry_after, error = None, None, None
    try:
        target = outbound.parse(due.url, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
        answer = outbound.post(target, due.body.encode(), _headers(due))
        status_code, retry_after = answer.status, answer.retry_after
        error = None if 200 <= answer.status < 300 else DeliveryError.STATUS
    except outbound.ForbiddenUrl:
        error = DeliveryError.BLOCKED_ADDRESS
    except outbound.Failed as failure:
        error = DeliveryError(failure.why)
    return Outcome(
        due, status_code, error, retry_after, milliseconds=round(1000 * (time.monotonic() - began))
    )


def _headers(due: Due) -> dict[str, str]:
    """Standard Webhooks: the id stays the same, the time is this attempt's, each secret gives a signature."""
    at = datetime.now(UTC)
    identifier = str(due.event_id)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(identifier, at, due.body) for secret in due.secrets
        ),
    }
    return headers | ({"X-Request-Id": due.request_id} if due.request_id else {})


@atomic_with_retry
def mark(outcomes: Sequence[Outcome], *, now: datetime) -> int:
    """The outcomes are on record, each delivery has ended or has its next time, and a webhook that is gone or
    has failed for five days is switched off; returns how many events arrived."""
    platform_ids = {one.due.platform_id for one in outcomes}
    endpoints = list(WebhookEndpoint.objects.locked().filter(platform__in=platform_ids))
    tried = [one for one in outcomes if one.tried]
    lines = [jsonable(_line(one, now)) for one in tried]
    sql.rows(sql.load(_SQL / "mark_deliveries.sql"), {"given": Jsonb(lines), "now": now})
    for one in outcomes:
        if not one.tried:
            of_lease = {"pk": one.due.id, "next_attempt_at": one.due.leased_until}
            WebhookDelivery.unguarded.filter(**of_lease, status=DeliveryStatus.PENDING).update(
                next_attempt_at=now
            )
    for endpoint in endpoints:
        of_it = [one for one in tried if one.due.platform_id == endpoint.platform_id]
        if of_it:
            _follow(endpoint, of_it[-1], now)
    return sum(one.arrived for one in outcomes)


def _line(one: Outcome, now: datetime) -> dict[str, Any]:
    """What the delivery's row becomes."""
    retry_at = None
    if one.arrived:
        status = DeliveryStatus.DELIVERED
    elif one.error == DeliveryError.BLOCKED_ADDRESS:
        status = DeliveryStatus.BLOCKED
    else:
        jitter = random.randint(0, JITTER_PERCENT)  # noqa: S311 - no secret
        retry_at = next_attempt_at(now, attempts=one.due.number, retry_after=one.retry_after, jitter=jitter)
        status = DeliveryStatus.PENDING if retry_at else DeliveryStatus.DEAD
    if status in (DeliveryStatus.DEAD, DeliveryStatus.BLOCKED):
        logger.warning("event %s of platform %s is %s", one.due.event_id, one.due.platform_id, status)
    return {
        "id": one.due.id,
        "leased_until": one.due.leased_until,
        "attempts": one.due.number,
        "status": status,
        "next_attempt_at": retry_at,
        "ended_at": None if retry_at else now,
        "status_code": one.status_code,
        "error": one.error,
        "milliseconds": one.milliseconds,
    }


def _follow(endpoint: WebhookEndpoint, last: Outcome, now: datetime) -> None:
    """Keep since when the webhook fails. After five days, or when it says that it is gone, it is switched off
    and staff are told."""
    failing_since = None if last.arrived else endpoint.failing_since or now
    if failing_since != endpoint.failing_since:
        endpoint.failing_since = failing_since
        endpoint.save(update_fields=["failing_since"])
    if failing_since is None or endpoint.disabled_at is not None:
        return
    if _is_gone(endpoint, last):
        switch_off(endpoint, reason="it answered 410 Gone", now=now)
        logger.error("the webhook of platform %s is off: it is gone", endpoint.platform_id)
    elif failing_since <= now - FAILING_FOR:
        switch_off(endpoint, reason=f"failing since {failing_since.isoformat()}", now=now)
        logger.error("the webhook of platform %s is off: failing for 5 days", endpoint.platform_id)


def _is_gone(endpoint: WebhookEndpoint, last: Outcome) -> bool:
    """Whether the webhook, and not one that was there before, says that nobody will listen again (Standard
    Webhooks)."""
    return last.status_code == HTTPStatus.GONE and last.due.url == endpoint.platform.webhook_url
