"""Redis databases of one's own, and pointing the Celery application at another broker for a while."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gigstream import celery_app

NOBODY = "redis://127.0.0.1:1/0"


def numbered(url: str, number: int) -> str:
    """The same Redis, another database."""
    if "virtual_host=" in url:
        return re.sub(r"virtual_host=\d+", f"virtual_host={number}", url)
    if url.startswith("unix:"):
        return re.sub(r"db=\d+", f"db={number}", url)
    return re.sub(r"(rediss?://[^/]+).*", rf"\g<1>/{number}", url)


def use_broker(url: str) -> None:
    celery_app.conf.broker_url = url
    # Forget the pooled connections to the broker before.
    celery_app._after_fork()


@contextmanager
def no_broker() -> Iterator[None]:
    """Nobody answers any doorbell."""
    before = celery_app.conf.broker_url
    use_broker(NOBODY)
    try:
        yield
    finally:
        use_broker(before)


def jobs_asked_for(queue: str) -> list[str]:
    """Take the messages of the queue and return the names of their jobs."""
    names = []
    with celery_app.connection_for_write() as broker:
        while message := broker.default_channel.basic_get(queue, no_ack=True):
            names.append(message.headers["task"])
    return names
