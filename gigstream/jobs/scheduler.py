"""The schedule without Celery, by a clock that never steps back."""

import logging
import time
from collections.abc import Callable, Iterable

from django.db import close_old_connections

from gigstream.jobs.registry import Job

logger = logging.getLogger(__name__)


class Scheduler:
    """Runner of jobs, in sequence, each when its interval has passed since its last start."""

    def __init__(self, jobs: Iterable[Job], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs = {job.name: job for job in jobs}
        self._due_at = dict.fromkeys(self._jobs, clock())

    def run_due(self) -> int:
        """Run the due jobs; log a failure, after which the job waits for its next turn. Return how many
        ran."""
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
        """Return the seconds until the next job is due."""
        return max(min(self._due_at.values()) - self._clock(), 0)
