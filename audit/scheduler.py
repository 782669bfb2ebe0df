"""The schedule without Celery: the same jobs, by a clock that never steps back."""

import logging
import time
from collections.abc import Callable, Iterable

from django.db import close_old_connections

from audit.jobs import Job

logger = logging.getLogger(__name__)


class Scheduler:
    """Runs each job when its interval has passed since its last start, one after the other."""

    def __init__(self, jobs: Iterable[Job], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs = {job.name: job for job in jobs}
        self._due_at = dict.fromkeys(self._jobs, clock())

    def run_due(self) -> int:
        """Run every job that is due; a failing one is logged and comes again at its next turn.

        Returns how many were run.
        """
        due = [self._jobs[name] for name, at in self._due_at.items() if at <= self._clock()]
        for job in due:
            self._due_at[job.name] = self._clock() + job.every_seconds
            close_old_connections()
            try:
                job.run()
            except Exception:
                logger.exception("job %s failed", job.name)
        return len(due)

    def seconds_to_next(self) -> float:
        """How long nothing is due."""
        return max(min(self._due_at.values()) - self._clock(), 0)
