"""Celery's beat with a mark of progress for each enqueued job."""

from typing import Any

from celery.beat import PersistentScheduler

from gigstream.processes.progress import mark_progress


class Scheduler(PersistentScheduler):
    """Schedule of the settings. Beat can run on without enqueuing, as when the clock steps back."""

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        result = super().apply_async(*args, **kwargs)
        mark_progress()
        return result
