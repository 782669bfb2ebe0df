"""A webhook's endpoint: locked, switched on and off. The verbs are in `webhooks`."""

from datetime import datetime

from audit.log import services as audit
from platforms.events.enums import DeliveryError, DeliveryStatus
from platforms.models import EventCounter, Platform, WebhookDelivery, WebhookEndpoint


def locked_endpoint(platform: Platform) -> WebhookEndpoint | None:
    """Lock and return the platform's endpoint; None when no webhook was ever set."""
    return WebhookEndpoint.objects.locked().filter(platform=platform).first()


def last_sequence(platform: Platform) -> int:
    """Return the number of the platform's last event, 0 before the first."""
    counter = EventCounter.objects.filter(platform=platform).values_list("last_sequence", flat=True)
    return counter.first() or 0


def switch_on(endpoint: WebhookEndpoint) -> None:
    """Deliver from the next event on, if it was off. Events in between are there for a replay."""
    if endpoint.disabled_at is not None:
        endpoint.starts_after = endpoint.queued_through = last_sequence(endpoint.platform)
    endpoint.disabled_at = None
    endpoint.failing_since = None
    endpoint.save(update_fields=["starts_after", "queued_through", "disabled_at", "failing_since"])


def switch_off(endpoint: WebhookEndpoint, *, reason: str, now: datetime) -> None:
    """Stop deliveries and give up those on their way; an endpoint that is off stays as it is."""
    if endpoint.disabled_at is not None:
        return
    endpoint.disabled_at = now
    endpoint.save(update_fields=["disabled_at"])
    given_up = WebhookDelivery.unguarded.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.DEAD, error=DeliveryError.DISABLED, next_attempt_at=None, ended_at=now
    )
    audit.record(
        "webhook.disable",
        endpoint.platform,
        after={"disabled_at": now, "given_up": given_up},
        metadata={"reason": reason},
        now=now,
    )


def forget_endpoint(platform: Platform, *, now: datetime) -> None:
    """Stop deliveries to a platform that leaves, and erase its old secret."""
    endpoint = locked_endpoint(platform)
    if endpoint is not None:
        switch_off(endpoint, reason="the platform was deleted", now=now)
        endpoint.previous_secret = ""
        endpoint.previous_secret_until = None
        endpoint.save(update_fields=["previous_secret", "previous_secret_until"])
