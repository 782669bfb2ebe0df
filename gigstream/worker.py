"""Celery's consumer as GigStream runs it: without publish/subscribe (docs/decisions/celery-pubsub.md)."""

from typing import Any

from celery.worker import state
from celery.worker.consumer import Consumer

from gigstream.programs import WITHOUT_PUBSUB
from gigstream.progress import mark

BUSY_MARK_SECONDS = 5.0
_OPTIONS = {option.removeprefix("--").replace("-", "_"): True for option in WITHOUT_PUBSUB}


class QueueConsumer(Consumer):
    """A consumer that only takes messages from queues, whatever its command line says.

    A subscription is read without any limit of time: a worker that made it anew on a broken connection
    would wait for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {**(kwargs.get("worker_options") or {}), **_OPTIONS}
        super().__init__(*args, **kwargs)

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        hub.call_repeatedly(BUSY_MARK_SECONDS, _mark_while_busy)


def _mark_while_busy() -> None:
    """A worker whose processes are all at work asks for no more; the jobs' time limits end them."""
    if state.active_requests:
        mark()
