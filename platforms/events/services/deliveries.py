"""Delivery of events to platforms' webhooks: queue, lease, send, mark.

No database transaction is open while a webhook is called. A delivery is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one: an event may arrive twice, under one id,
but is never lost. An attempt is counted when it was made, so a job that dies counts none.
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
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast
from psycopg.types.json import Jsonb
from standardwebhooks.webhooks import Webhook

from audit.log.services import jsonable
from gigstream.api.rendering.json import dump_json
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import require_no_transaction
from gigstream.core.unit import in_unit
from gigstream.network import outbound
from platforms.events.calculations import JITTER_PERCENT, next_attempt_at
from platforms.events.enums import DeliveryError, DeliveryStatus
from platforms.events.services.endpoints import switch_off
from platforms.models import WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

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
# A webhook that fails is tried for its other events too, an event a thread and so many side by side.
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
    """Outcome of an attempt; nothing is set but `due` where there was none."""

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

    Webhooks are called side by side, each for event after event in their order. If it fails, its other events
    are tried as well, a few side by side; a slow webhook delays only its own.
    """
    return _Run(now).go()


@in_unit
def queue_deliveries(*, now: datetime) -> int:
    """Make a delivery for each new event whose platform has a webhook; return how many were made."""
    count: int = sql.run("platforms/events/queue_deliveries", now=now, most=QUEUED_AT_ONCE)[0]["count"]
    return count


# The webhooks whose last attempt in this process took long: a hint that only decides when attempts begin.
_slow: set[UUID] = set()


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls of a webhook that a thread makes in turn."""

    platform_id: UUID
    unwell: bool


class _Run:
    """A run of the job: threads that call webhooks, and this thread, which alone uses the database."""

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
        """Give free threads deliveries that are due now; return whether any thread is at work."""
        free = settings.WEBHOOK_CONCURRENCY - len(self._under_way)
        if free and self._may_start(unwell=False):
            at = self._at()
            queue_deliveries(now=at)
            busy, without_failing = self._not_now()
            leased = _lease_deliveries(at, free, busy, without_failing=without_failing)
            for platform_id, batch in _by_platform(leased).items():
                calls = _Calls(platform_id, unwell=batch[0].failing or platform_id in _slow)
                self._under_way[pool.submit(self._call, batch, calls.unwell)] = calls
        return bool(self._under_way)

    def _not_now(self) -> tuple[list[UUID], bool]:
        """Return the platforms whose webhooks get no thread now, and whether no failing webhook gets any:
        those that have their threads, and those that are unwell while half of the threads are with such, or
        late in the run."""
        of_unwell = Counter(calls.platform_id for calls in self._under_way.values() if calls.unwell)
        well = {calls.platform_id for calls in self._under_way.values() if not calls.unwell}
        full = {platform_id for platform_id, count in of_unwell.items() if count >= SIDE_BY_SIDE}
        skip_unwell = (
            not self._may_start(unwell=True) or 2 * of_unwell.total() >= settings.WEBHOOK_CONCURRENCY
        )
        return [*well, *full, *(_slow if skip_unwell else ())], skip_unwell

    def _call(self, batch: Sequence[Due], unwell: bool) -> None:
        """Deliver the events in their order, in a thread, until a delivery fails or the time is over."""
        failed = False
        for due in batch:
            skipped = failed or not self._may_start(unwell=unwell)
            outcome = Outcome(due) if skipped else call_webhook(due)
            failed = failed or not outcome.arrived
            self._outcomes.put(outcome)

    def _collect(self) -> int:
        """Wait a moment for outcomes, mark those that are there, and forget the threads that are done."""
        done = [future for future in self._under_way if future.done()]
        outcomes = self._drain()
        for one in outcomes:
            (_slow.add if (one.milliseconds or 0) > SLOW_MILLISECONDS else _slow.discard)(one.due.platform_id)
        arrived = record_outcomes(outcomes, now=self._at()) if outcomes else 0
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


@in_unit
def _lease_deliveries(
    now: datetime, endpoints: int, busy: Sequence[UUID] = (), *, without_failing: bool = False
) -> list[Due]:
    """Lease due deliveries of up to so many webhooks that are not busy: up to `EACH` of a webhook that is
    well, the next of a webhook that fails."""
    leased = sql.run(
        "platforms/events/lease_deliveries",
        now=now,
        endpoints=endpoints,
        each=EACH,
        busy=list(busy),
        without_failing=without_failing,
        leased_until=now + LEASE,
    )
    rows = (
        WebhookDelivery.objects.filter(pk__in=[row["id"] for row in leased])
        .select_related("event", "platform__webhook")
        .defer("event__payload")
        .annotate(data=Cast("event__payload", TextField()))
        .order_by("platform_id", "sequence")
    )
    return [_as_due(row, row.data, now) for row in rows]


def _as_due(row: WebhookDelivery, data: str, now: datetime) -> Due:
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
        body=_body_of(row, data),
        url=platform.webhook_url,
        secrets=(platform.webhook_secret, *([endpoint.previous_secret] if overlapping else [])),
    )


def _body_of(row: WebhookDelivery, data: str) -> str:
    """Return the text of the delivery, equal for every attempt. `data` goes in as the database wrote it."""
    event = row.event
    head = {"id": event.pk, "type": event.type, "timestamp": event.created_at, "sequence": event.sequence}
    return f'{dump_json(head).decode()[:-1]},"data":{data}}}'


def _by_platform(batch: Sequence[Due]) -> dict[UUID, list[Due]]:
    groups: dict[UUID, list[Due]] = {}
    for due in batch:
        groups.setdefault(due.platform_id, []).append(due)
    return groups


def call_webhook(due: Due) -> Outcome:
    """Send a request to the webhook. Only an answer of 2xx counts; a redirect does not."""
    began = time.monotonic()
    status_code, retry_after, error = None, None, None
    try:
        target = outbound.parse_url(due.url, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
        answer = outbound.post(target, due.body.encode(), _signed_headers(due))
        status_code, retry_after = answer.status, answer.retry_after
        error = None if 200 <= answer.status < 300 else DeliveryError.STATUS
    except outbound.ForbiddenUrl:
        error = DeliveryError.BLOCKED_ADDRESS
    except outbound.RequestFailed as failure:
        error = DeliveryError(failure.reason)
    return Outcome(
        due, status_code, error, retry_after, milliseconds=round(1000 * (time.monotonic() - began))
    )


def _signed_headers(due: Due) -> dict[str, str]:
    """Return the headers of Standard Webhooks: the event's id, the time of this attempt, a signature by each
    secret."""
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


@in_unit
def record_outcomes(outcomes: Sequence[Outcome], *, now: datetime) -> int:
    """Record the outcomes: each delivery has ended or has its next time, and a webhook that is gone or has
    failed for five days is switched off. Return how many events arrived."""
    platform_ids = {one.due.platform_id for one in outcomes}
    endpoints = list(WebhookEndpoint.objects.locked().filter(platform__in=platform_ids))
    tried = [one for one in outcomes if one.tried]
    lines = [jsonable(_as_row(one, now)) for one in tried]
    sql.run("platforms/events/mark_deliveries", given=Jsonb(lines), now=now)
    for one in outcomes:
        if not one.tried:
            of_lease = {"pk": one.due.id, "next_attempt_at": one.due.leased_until}
            WebhookDelivery.unguarded.filter(**of_lease, status=DeliveryStatus.PENDING).update(
                next_attempt_at=now
            )
    for endpoint in endpoints:
        of_it = [one for one in tried if one.due.platform_id == endpoint.platform_id]
        if of_it:
            _follow_failures(endpoint, of_it[-1], now)
    return sum(one.arrived for one in outcomes)


def _as_row(one: Outcome, now: datetime) -> dict[str, Any]:
    """Return the new values of the delivery's row."""
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


def _follow_failures(endpoint: WebhookEndpoint, last: Outcome, now: datetime) -> None:
    """Keep since when the webhook fails. After five days, or when it says that it is gone, it is switched
    off, with an error in the log for staff."""
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
    """Whether the webhook, and not another that was there before, says that nobody will listen again
    (Standard Webhooks)."""
    return last.status_code == HTTPStatus.GONE and last.due.url == endpoint.platform.webhook_url
