"""Celery's consumer without publish/subscribe (docs/decisions/celery-pubsub.md)."""

from typing import Any

from celery.worker import state
from celery.worker.consumer import Consumer

from gigstream.processes.programs import WITHOUT_PUBSUB
from gigstream.processes.progress import mark_progress

BUSY_MARK_SECONDS = 5.0
_OPTIONS = {option.removeprefix("--").replace("-", "_"): True for option in WITHOUT_PUBSUB}


class QueueConsumer(Consumer):
    """Consumer of queues only, with any command line.

    A subscription is read without a time limit: a worker that renewed it on a broken connection would wait
    for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {**(kwargs.get("worker_options") or {}), **_OPTIONS}
        super().__init__(*args, **kwargs)

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        hub.call_repeatedly(BUSY_MARK_SECONDS, _mark_while_busy)


def _mark_while_busy() -> None:
    """Mark progress while jobs run: a busy worker does not poll, and the jobs' time limits end them."""
    if state.active_requests:
        mark_progress()
