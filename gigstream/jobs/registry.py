"""Background jobs: each is a Celery task and a plain function, and leaves a heartbeat."""

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from threading import Timer
from time import monotonic
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import KombuError
from kombu.pools import producers

from audit.log.services import Record, record_many
from gigstream.jobs.errors import UnknownJob
from gigstream.jobs.schedule import BEAT_STARTS_UP_TO_SECONDS, DAY
from gigstream.network.redis_cache import breaker_for

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the static schedule. `work` returns the number of rows that it handled."""

    name: str
    every_seconds: int
    work: Callable[..., int]
    kwargs: dict[str, Any]
    queue: str = "default"

    def run(self) -> int:
        """Do the work once and leave a heartbeat, also when it fails; the failure is raised again."""
        _record_start(self)
        try:
            rows = self.work(**self.kwargs)
        except Exception as error:
            _record_end(self, rows=0, error=f"{type(error).__name__}: {error}"[:500])
            raise
        _record_end(self, rows=rows, error="")
        return rows


def _scheduled_entries() -> dict[str, dict[str, Any]]:
    """Return the static schedule: job name to its interval, queue, task and arguments."""
    jobs: dict[str, dict[str, Any]] = settings.JOBS
    return jobs


_work_by_task: dict[str, Callable[..., int]] = {}


def job(work: Callable[..., int]) -> Callable[..., int]:
    """Make the function a job: a Celery task of the same name, run as `settings.JOBS` schedules it.

    A job may run for the schedule's `minutes`, or else as long as the settings let any task run.
    """
    name = work.__name__
    _work_by_task[name] = work
    entries = [entry for key, entry in _scheduled_entries().items() if _task_name(key, entry) == name]
    minutes = entries[0].get("minutes") if entries else None
    limits = {"soft_time_limit": 60 * minutes, "time_limit": 60 * minutes + 10} if minutes else {}

    @shared_task(name=name, **limits)
    def task(**kwargs: Any) -> None:
        _scheduled_as(name, kwargs).run()

    return work


def _task_name(key: str, entry: dict[str, Any]) -> str:
    """Return the name of the Celery task behind an entry of the schedule."""
    return str(entry.get("task", key))


def _scheduled_as(task: str, kwargs: dict[str, Any]) -> Job:
    return next(
        (known for known in scheduled_jobs() if known.work is _work_by_task[task] and known.kwargs == kwargs),
        Job(name=task, every_seconds=DAY, work=_work_by_task[task], kwargs=kwargs),
    )


def scheduled_jobs() -> list[Job]:
    """Return the jobs of the static schedule, in its order."""
    return [
        Job(
            name=name,
            every_seconds=entry["every"],
            work=_work_by_task[_task_name(name, entry)],
            kwargs=entry.get("kwargs", {}),
            queue=entry["queue"],
        )
        for name, entry in _scheduled_entries().items()
    ]


# The time of each job's latest nudge, past or planned: at least a second apart.
_nudged_at: dict[str, float] = {}
_SPACING = 1.0


def nudge_job(name: str) -> None:
    """Have a job run soon after the commit. Only a nudge: beat starts the job if the message is lost."""
    transaction.on_commit(lambda: _nudge_now(name))


def _nudge_now(name: str) -> None:
    """Send a message now, or a second after the last: that message then stands for all nudges made meanwhile,
    and no caller waits. Two threads may both find it due; a message too many does no harm."""
    now, last = monotonic(), _nudged_at.get(name, -inf)
    if last > now:
        return
    _nudged_at[name] = max(now, last + _SPACING)
    if _nudged_at[name] == now:
        _send_message(name)
    else:
        later = Timer(_nudged_at[name] - now, _send_message, [name])
        later.daemon = True
        later.start()


def _send_message(name: str) -> bool:
    """Send the job's message; return whether the broker took it."""
    entry = _scheduled_entries()[name]
    url = current_app.conf.broker_url
    try:
        with breaker_for(url).guard(_broker_errors), _producer_pool(os.getpid(), url).acquire() as producer:
            current_app.send_task(
                _task_name(name, entry),
                kwargs=entry.get("kwargs", {}),
                queue=entry["queue"],
                expires=min(3 * entry["every"], 600),
                retry=False,
                producer=producer,
            )
    except _broker_errors() as error:
        logger.warning("no nudge for %s: %s", name, error)
        return False
    return True


def _broker_errors() -> tuple[type[Exception], ...]:
    return KombuError, OSError


@functools.cache
def _producer_pool(_pid: int, url: str) -> Any:
    """Return this process's connections for the messages of requests: they wait less long than a worker's."""
    limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), settings.REDIS_TIMEOUT_SECONDS)
    return producers[current_app.connection_for_write(url, transport_options=limits)]


_STARTED = """
    INSERT INTO job_heartbeats (name, every_seconds, last_started_at, rows, runs, last_error)
    VALUES (%s, %s, money_clock(), 0, 1, '')
    ON CONFLICT (name) DO UPDATE
    SET every_seconds = excluded.every_seconds, last_started_at = excluded.last_started_at,
        runs = job_heartbeats.runs + 1
"""


def _record_start(started: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STARTED, [started.name, started.every_seconds])


_FINISHED = """
    UPDATE job_heartbeats
    SET last_finished_at = money_clock(), rows = %(rows)s, last_error = %(error)s,
        last_succeeded_at = CASE WHEN %(error)s = '' THEN money_clock() ELSE last_succeeded_at END
    WHERE name = %(name)s
"""


def _record_end(ended: Job, *, rows: int, error: str) -> None:
    if error:
        logger.error("job %s failed: %s", ended.name, error)
    with connection.cursor() as cursor:
        cursor.execute(_FINISHED, {"rows": rows, "error": error, "name": ended.name})


_LISTED = """
    INSERT INTO job_heartbeats (name, every_seconds, rows, runs, last_error)
    SELECT name, every, 0, 0, '' FROM unnest(%s::text[], %s::int[]) AS listed(name, every)
    ON CONFLICT (name) DO NOTHING
"""


def list_jobs() -> None:
    """Write a row for each job of the schedule that has none yet."""
    intervals = {name: entry["every"] for name, entry in _scheduled_entries().items()}
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, [list(intervals), list(intervals.values())])


def enqueue_job(name: str) -> bool:
    """Record that the current actor wants the job to run, and send its message at once; return whether the
    broker took it. Without a broker beat starts the job in its turn. Raise UnknownJob."""
    if name not in _scheduled_entries():
        raise UnknownJob(f"no job {name!r} is scheduled")
    record_many([Record("job.enqueue", "jobheartbeat", name)])
    return _send_message(name)


def nudge_overdue() -> int:
    """Nudge the jobs that beat does not start itself and whose interval has passed since their last start;
    return how many."""
    slow = {
        name: entry["every"]
        for name, entry in _scheduled_entries().items()
        if entry["every"] > BEAT_STARTS_UP_TO_SECONDS
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT slow.name FROM unnest(%s::text[], %s::int[]) AS slow(name, every)
            LEFT JOIN job_heartbeats h ON h.name = slow.name
            WHERE h.last_started_at IS NULL
               OR h.last_started_at < money_clock() - make_interval(secs => slow.every)
            """,
            [list(slow), list(slow.values())],
        )
        overdue = [name for (name,) in cursor.fetchall()]
    for name in overdue:
        nudge_job(name)
    return len(overdue)


def late_jobs(*, grace_seconds: int = 30) -> list[str]:
    """Return the names of frequent jobs whose last start is older than three of their intervals."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT name FROM job_heartbeats
            WHERE every_seconds <= 60 AND name = ANY(%s)
              AND last_started_at < money_clock() - make_interval(secs => greatest(3 * every_seconds, %s))
            ORDER BY name
            """,
            [list(_scheduled_entries()), grace_seconds],
        )
        return [name for (name,) in cursor.fetchall()]
