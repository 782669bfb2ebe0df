"""Celery's beat as GigStream runs it: with a sign of progress for each job that it has asked for."""

from typing import Any

from celery.beat import PersistentScheduler

from gigstream.progress import mark


class Scheduler(PersistentScheduler):
    """The schedule of the settings. Beat can live on and ask for nothing, as when the clock steps back."""

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        result = super().apply_async(*args, **kwargs)
        mark()
        return result
