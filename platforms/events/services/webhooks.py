"""A platform's webhook: its address and secret, on and off, and replays of events."""

import base64
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.network import outbound
from platforms.events.errors import InvalidEventRange, InvalidWebhookUrl, NoWebhook, WebhookDisabled
from platforms.events.services.endpoints import last_sequence, locked_endpoint, switch_off, switch_on
from platforms.events.services.events import NewEvent, publish_events
from platforms.events.vocabulary import WEBHOOK_PING
from platforms.models import Platform, PlatformEvent, WebhookEndpoint
from platforms.platforms.services.platforms import require_present

SECRET_OVERLAP = timedelta(hours=24)
LONGEST_REPLAY = 10_000


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it: 24 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


@verb("webhook.set", "platform")
def set_webhook(
    *, platform_id: UUID, url: str, now: datetime | None = None
) -> tuple[WebhookEndpoint, str | None]:
    """Deliver events from now on to `url`. The first time a secret is returned as well, and never again;
    another URL keeps it, and an endpoint that was switched off is on again.

    Raises InvalidWebhookUrl or PlatformDeleted. The host's addresses are checked with each delivery.
    """
    target = _allowed_target(url)
    platform = _lock_platform(platform_id)
    now = now or database_now()
    secret = None if platform.webhook_secret else new_secret()
    platform.webhook_url = url
    platform.webhook_secret = platform.webhook_secret or secret or ""
    platform.save(update_fields=["webhook_url", "webhook_secret", "updated_at"])
    endpoint = locked_endpoint(platform)
    if endpoint is None:
        last = last_sequence(platform)
        endpoint = WebhookEndpoint(platform=platform, created_at=now, starts_after=last, queued_through=last)
        endpoint.save(force_insert=True)
    else:
        switch_on(endpoint)
    audit.record("webhook.set", platform, after={"host": target.host}, now=now)
    return endpoint, secret


def _allowed_target(url: str) -> outbound.Target:
    try:
        return outbound.parse_url(url, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
    except outbound.ForbiddenUrl as error:
        raise InvalidWebhookUrl(str(error)) from error


def _lock_platform(platform_id: UUID) -> Platform:
    platform = Platform.objects.locked().get(pk=platform_id)
    require_present(platform=platform)
    return platform


def _require_endpoint(platform: Platform) -> WebhookEndpoint:
    """Lock and return the platform's endpoint. Raises NoWebhook."""
    endpoint = locked_endpoint(platform)
    if endpoint is None or not platform.webhook_url:
        raise NoWebhook(f"platform {platform.reference} has set no webhook")
    return endpoint


def _require_enabled(platform: Platform) -> WebhookEndpoint:
    endpoint = _require_endpoint(platform)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled(
            f"the webhook of platform {platform.reference} is off",
            disabled_at=endpoint.disabled_at.isoformat(),
        )
    return endpoint


@verb("webhook.rotate_secret", "platform")
def rotate_webhook_secret(*, platform_id: UUID, reason: str = "", now: datetime | None = None) -> str:
    """Make a new secret and return it, this once. For 24 hours deliveries carry a signature of the old secret
    as well."""
    platform = _lock_platform(platform_id)
    now = now or database_now()
    endpoint = _require_endpoint(platform)
    endpoint.previous_secret = platform.webhook_secret
    endpoint.previous_secret_until = now + SECRET_OVERLAP
    endpoint.save(update_fields=["previous_secret", "previous_secret_until"])
    platform.webhook_secret = new_secret()
    platform.save(update_fields=["webhook_secret", "updated_at"])
    audit.record("webhook.rotate_secret", platform, metadata={"reason": reason}, now=now)
    return platform.webhook_secret


@verb("webhook.disable", "platform")
def disable_webhook(*, platform_id: UUID, reason: str = "", now: datetime | None = None) -> WebhookEndpoint:
    """Stop deliveries, and give up those on their way. Raises NoWebhook."""
    platform = _lock_platform(platform_id)
    now = now or database_now()
    endpoint = _require_endpoint(platform)
    switch_off(endpoint, reason=reason, now=now)
    return endpoint


@verb("webhook.enable", "platform")
def enable_webhook(*, platform_id: UUID, reason: str = "", now: datetime | None = None) -> WebhookEndpoint:
    """Let deliveries go on with the next event; missed events can be replayed. Raises NoWebhook."""
    platform = _lock_platform(platform_id)
    endpoint = _require_endpoint(platform)
    switch_on(endpoint)
    audit.record("webhook.enable", platform, metadata={"reason": reason}, now=now)
    return endpoint


@verb("webhook.replay", "platform")
def replay_event(*, platform_id: UUID, event_id: UUID, now: datetime | None = None) -> None:
    """Deliver the event once more, under the same id. Raises PlatformEvent.DoesNotExist for another
    platform's, NoWebhook or WebhookDisabled."""
    sequence = PlatformEvent.objects.values_list("sequence", flat=True).get(pk=event_id, platform=platform_id)
    replay_events(platform_id=platform_id, from_sequence=sequence, to_sequence=sequence, now=now)


_REPLAY = """
    INSERT INTO webhook_deliveries AS d
        (event_id, endpoint_id, platform_id, sequence, status, attempts, next_attempt_at)
    SELECT id, %(endpoint)s, platform_id, sequence, 'pending', 0, %(now)s FROM events
    WHERE platform_id = %(platform)s AND sequence BETWEEN %(first)s AND %(last)s
    ORDER BY sequence
    ON CONFLICT (event_id) DO UPDATE
    SET status = 'pending', attempts = 0, next_attempt_at = excluded.next_attempt_at, ended_at = NULL
"""


@verb("webhook.replay", "platform")
def replay_events(
    *, platform_id: UUID, from_sequence: int, to_sequence: int, now: datetime | None = None
) -> int:
    """Deliver the events with these numbers, both included, once more under their ids; return how many there
    are. Raises InvalidEventRange, NoWebhook or WebhookDisabled."""
    if not 1 <= from_sequence <= to_sequence < from_sequence + LONGEST_REPLAY:
        raise InvalidEventRange(
            f"{from_sequence} to {to_sequence} is no range of 1 to {LONGEST_REPLAY} events",
            from_sequence=from_sequence,
            to_sequence=to_sequence,
        )
    platform = _lock_platform(platform_id)
    now = now or database_now()
    endpoint = _require_enabled(platform)
    with connection.cursor() as cursor:
        cursor.execute(
            _REPLAY,
            {
                "now": now,
                "endpoint": endpoint.pk,
                "platform": platform_id,
                "first": from_sequence,
                "last": to_sequence,
            },
        )
        count = cursor.rowcount
    audit.record(
        "webhook.replay",
        platform,
        after={"count": count},
        metadata={"from_sequence": from_sequence, "to_sequence": to_sequence},
        now=now,
    )
    return count


@verb("webhook.test", "platform")
def send_test_event(*, platform_id: UUID, now: datetime | None = None) -> None:
    """Publish an event that says nothing. Raises NoWebhook or WebhookDisabled."""
    platform = _lock_platform(platform_id)
    now = now or database_now()
    _require_enabled(platform)
    audit.record("webhook.test", platform, now=now)
    publish_events([NewEvent.of(platform_id, WEBHOOK_PING, {"platform_id": platform_id}, now)])
