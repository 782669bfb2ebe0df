"""Celery's consumer as GigStream runs it: without publish/subscribe (docs/decisions/celery-pubsub.md)."""

from typing import Any

from celery.worker.consumer import Consumer

WITHOUT_PUBSUB = ("--without-gossip", "--without-mingle", "--without-heartbeat")
_OPTIONS = {option.removeprefix("--").replace("-", "_"): True for option in WITHOUT_PUBSUB}


class QueueConsumer(Consumer):
    """A consumer that only takes messages from queues, whatever its command line says.

    A subscription is read without any limit of time: a worker that made it anew on a broken connection
    would wait for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {**(kwargs.get("worker_options") or {}), **_OPTIONS}
        super().__init__(*args, **kwargs)
