"""Pointing the Celery application at another broker for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from gigstream import celery_app

NOBODY = "redis://127.0.0.1:1/0"


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
