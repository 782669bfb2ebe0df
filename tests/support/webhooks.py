"""Platforms with a webhook, events for it, and the job that delivers them."""

from datetime import timedelta
from typing import Any

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import Platform
from tests.support.factories import PlatformFactory
from tests.support.servers.webhooks import Receiver


def listening(receiver: Receiver, path: str = "/ok", **columns: Any) -> tuple[Platform, str | None]:
    """Return a platform whose webhook is at the receiver, and the secret."""
    platform = PlatformFactory.create(**columns)
    _, secret = platforms.set_webhook(platform_id=platform.pk, url=receiver.url(path))
    return platform, secret


def ping(platform: Platform, count: int = 1) -> None:
    for _ in range(count):
        platforms.send_test_event(platform_id=platform.pk)


def deliver(after: float = 0.0) -> int:
    """Run the delivery, so many seconds from now; return how many events arrived."""
    return platforms.deliver_webhooks(now=database_now() + timedelta(seconds=after))
