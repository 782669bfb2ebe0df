"""Bringing events to platforms' webhooks: queue, lease, send, mark.

No database transaction is open while a webhook is asked. A delivery is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one: an event may arrive twice, under one id,
but is never lost.
"""

import logging
import random
import time
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
from django.db.models import F, TextField
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
# No attempt begins later in a run, so that with its longest attempt it ends before a job must.
STARTING_SECONDS = 4
EACH = 20
QUEUED_AT_ONCE = 5_000
FAILING_FOR = timedelta(days=5)
USER_AGENT = "GigStream-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Due:
    """A leased delivery with all that an attempt needs."""

    id: int
    platform_id: UUID
    attempts: int
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
    """Every delivery that was due has been tried, or as many as fit into a run; returns how many arrived.

    Webhooks are asked side by side, each for one event after the other in their order. One that fails is left
    alone for the rest of the run, and a slow one holds up only its own.
    """
    queue_deliveries(now=now or database_now())
    return _Run(now).go()


@atomic_with_retry
def queue_deliveries(*, now: datetime) -> int:
    """Every event since the last time has a delivery, where its platform has a webhook; returns how many."""
    count: int = sql.rows(sql.load(_SQL / "queue_deliveries.sql"), {"now": now, "most": QUEUED_AT_ONCE})[0][
        "count"
    ]
    return count


class _Run:
    """One run of the job: threads that ask webhooks, and this one, which alone talks to the database."""

    def __init__(self, now: datetime | None) -> None:
        self._now = now
        self._stop_at = time.monotonic() + STARTING_SECONDS
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._asking: dict[Future[None], UUID] = {}
        self._failed: set[UUID] = set()

    def go(self) -> int:
        require_no_transaction()
        arrived = 0
        with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY, thread_name_prefix="webhook") as pool:
            while self._fill(pool):
                arrived += self._collect()
        return arrived

    def _at(self) -> datetime:
        return self._now or database_now()

    def _fill(self, pool: ThreadPoolExecutor) -> bool:
        """Give every free thread a webhook; returns whether any thread is at work."""
        free = settings.WEBHOOK_CONCURRENCY - len(self._asking)
        if free and time.monotonic() < self._stop_at:
            busy = [*self._asking.values(), *self._failed]
            for platform_id, batch in _by_platform(_lease(self._at(), free, busy)).items():
                self._asking[pool.submit(self._ask, batch)] = platform_id
        return bool(self._asking)

    def _ask(self, batch: Sequence[Due]) -> None:
        """In a thread: one webhook's events in their order, until one fails or the time is over."""
        failed = False
        for due in batch:
            outcome = Outcome(due) if failed or time.monotonic() > self._stop_at else attempt(due)
            failed = failed or not outcome.arrived
            self._outcomes.put(outcome)

    def _collect(self) -> int:
        """Wait for outcomes, mark those that are there, and forget the threads that are done."""
        done = [future for future in self._asking if future.done()]
        outcomes = self._drain()
        self._failed |= {one.due.platform_id for one in outcomes if not one.arrived}
        arrived = mark(outcomes, now=self._at()) if outcomes else 0
        for future in done:
            del self._asking[future]
            if error := future.exception():
                logger.error("a webhook could not be asked", exc_info=error)
        return arrived

    def _drain(self) -> list[Outcome]:
        outcomes = []
        try:
            outcomes.append(self._outcomes.get(timeout=0.1))
            while True:
                outcomes.append(self._outcomes.get_nowait())
        except Empty:
            return outcomes


@atomic_with_retry
def _lease(now: datetime, endpoints: int, busy: Sequence[UUID]) -> list[Due]:
    """Up to `EACH` due deliveries of each of so many webhooks, counted as attempts and ours for a while."""
    leased = sql.rows(
        sql.load(_SQL / "lease_deliveries.sql"),
        {"now": now, "endpoints": endpoints, "each": EACH, "busy": list(busy), "lease": LEASE},
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
        attempts=row.attempts,
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
    untried = [one.due.id for one in outcomes if not one.tried]
    WebhookDelivery.unguarded.filter(pk__in=untried, status=DeliveryStatus.PENDING).update(
        attempts=F("attempts") - 1, next_attempt_at=now
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
        retry_at = next_attempt_at(now, attempts=one.due.attempts, retry_after=one.retry_after, jitter=jitter)
        status = DeliveryStatus.PENDING if retry_at else DeliveryStatus.DEAD
    if status in (DeliveryStatus.DEAD, DeliveryStatus.BLOCKED):
        logger.warning("event %s of platform %s is %s", one.due.event_id, one.due.platform_id, status)
    return {
        "id": one.due.id,
        "leased_attempts": one.due.attempts,
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
