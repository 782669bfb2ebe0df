"""Redis databases of the test's own, and pointing the Celery application at another broker for a while."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kombu import Connection
from kombu.transport.redis import Channel

from gigstream import celery_app

NOBODY = "redis://127.0.0.1:1/0"


def numbered(url: str, number: int) -> str:
    """Return the address of another database of the same Redis."""
    if "virtual_host=" in url:
        return re.sub(r"virtual_host=\d+", f"virtual_host={number}", url)
    if url.startswith("unix:"):
        return re.sub(r"db=\d+", f"db={number}", url)
    return re.sub(r"(rediss?://[^/]+).*", rf"\g<1>/{number}", url)


def use_broker(url: str) -> None:
    celery_app.conf.update(broker_url=url)
    # Forget the pooled connections to the broker before.
    celery_app._after_fork()  # type: ignore[attr-defined]  # not public, and there is nothing else


@contextmanager
def no_broker() -> Iterator[None]:
    """Run the block without a broker that answers."""
    before = celery_app.conf.broker_url
    use_broker(NOBODY)
    try:
        yield
    finally:
        use_broker(before)


def channel_of(broker: Connection) -> Channel:
    """Return the channel of Redis, which can do more than the channels of other transports."""
    channel = broker.default_channel
    assert isinstance(channel, Channel)
    return channel


def queued_jobs(queue: str) -> list[str]:
    """Take the messages of the queue and return the names of their jobs."""
    names = []
    with celery_app.connection_for_write() as broker:
        while message := channel_of(broker).basic_get(queue, no_ack=True):
            names.append(message.headers["task"])
    return names
