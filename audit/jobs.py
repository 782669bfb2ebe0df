"""Background jobs: each is a Celery task and a plain function, and tells its heartbeat."""

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

from audit.errors import UnknownJob
from audit.services import Record, record_many
from gigstream.lib.cache import breaker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the static schedule. `work` returns how many rows it dealt with."""

    name: str
    every_seconds: int
    work: Callable[..., int]
    kwargs: dict[str, Any]
    queue: str = "default"

    def run(self) -> int:
        """Do the work once and leave a heartbeat, also when it fails; the failure is raised again."""
        _started(self)
        try:
            rows = self.work(**self.kwargs)
        except Exception as error:
            _finished(self, rows=0, error=f"{type(error).__name__}: {error}"[:500])
            raise
        _finished(self, rows=rows, error="")
        return rows


def _schedule() -> dict[str, dict[str, Any]]:
    """The static schedule: job name to its interval, queue, task and arguments."""
    jobs: dict[str, dict[str, Any]] = settings.JOBS
    return jobs


_works: dict[str, Callable[..., int]] = {}


def job(work: Callable[..., int]) -> Callable[..., int]:
    """Make the function a job: a Celery task of the same name, run as `settings.JOBS` schedules it.

    A job may run for the schedule's `minutes`, or else as long as the settings let any task run.
    """
    name = work.__name__
    _works[name] = work
    entries = [entry for key, entry in _schedule().items() if _task(key, entry) == name]
    minutes = entries[0].get("minutes") if entries else None
    limits = {"soft_time_limit": 60 * minutes, "time_limit": 60 * minutes + 10} if minutes else {}

    @shared_task(name=name, **limits)
    def task(**kwargs: Any) -> None:
        _scheduled_as(name, kwargs).run()

    return work


def _task(key: str, entry: dict[str, Any]) -> str:
    """The Celery task behind a line of the schedule: its own name unless it names another."""
    return str(entry.get("task", key))


def _scheduled_as(task: str, kwargs: dict[str, Any]) -> Job:
    return next(
        (one for one in scheduled_jobs() if one.work is _works[task] and one.kwargs == kwargs),
        Job(name=task, every_seconds=settings.DAY, work=_works[task], kwargs=kwargs),
    )


def scheduled_jobs() -> list[Job]:
    """Every job of the static schedule, in its order."""
    return [
        Job(
            name=name,
            every_seconds=entry["every"],
            work=_works[_task(name, entry)],
            kwargs=entry.get("kwargs", {}),
            queue=entry["queue"],
        )
        for name, entry in _schedule().items()
    ]


# When each job's latest bell was rung, or will be: at most one a second.
_rung_at: dict[str, float] = {}
_SPACING = 1.0


def ring(name: str) -> None:
    """After the commit, ask for a job soon. Only a nudge: beat does the same work when the bell is lost."""
    transaction.on_commit(lambda: _ring(name))


def _ring(name: str) -> None:
    """Now, or at the end of the second that the last bell has begun: then one bell speaks for all who rang
    meanwhile, and none of them waits. Two threads may both find it due; a bell too many does no harm."""
    now, last = monotonic(), _rung_at.get(name, -inf)
    if last > now:
        return
    _rung_at[name] = max(now, last + _SPACING)
    if _rung_at[name] == now:
        _send(name)
    else:
        later = Timer(_rung_at[name] - now, _send, [name])
        later.daemon = True
        later.start()


def _send(name: str) -> bool:
    """Whether the broker took the message."""
    entry = _schedule()[name]
    url = current_app.conf.broker_url
    try:
        with breaker(url).guard(_broker_away), _producers(os.getpid(), url).acquire() as producer:
            current_app.send_task(
                _task(name, entry),
                kwargs=entry.get("kwargs", {}),
                queue=entry["queue"],
                expires=min(3 * entry["every"], 600),
                retry=False,
                producer=producer,
            )
    except _broker_away() as error:
        logger.warning("no doorbell for %s: %s", name, error)
        return False
    return True


def _broker_away() -> tuple[type[Exception], ...]:
    return KombuError, OSError


@functools.cache
def _producers(_pid: int, url: str) -> Any:
    """This process's connections for messages that a request sends: they wait less long than a worker's."""
    limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), settings.REDIS_TIMEOUT_SECONDS)
    return producers[current_app.connection_for_write(url, transport_options=limits)]


_STARTED = """
    INSERT INTO job_heartbeats (name, every_seconds, last_started_at, rows, runs, last_error)
    VALUES (%s, %s, clock_timestamp(), 0, 1, '')
    ON CONFLICT (name) DO UPDATE
    SET every_seconds = excluded.every_seconds, last_started_at = excluded.last_started_at,
        runs = job_heartbeats.runs + 1
"""


def _started(one: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STARTED, [one.name, one.every_seconds])


_FINISHED = """
    UPDATE job_heartbeats
    SET last_finished_at = clock_timestamp(), rows = %(rows)s, last_error = %(error)s,
        last_succeeded_at = CASE WHEN %(error)s = '' THEN clock_timestamp() ELSE last_succeeded_at END
    WHERE name = %(name)s
"""


def _finished(one: Job, *, rows: int, error: str) -> None:
    if error:
        logger.error("job %s failed: %s", one.name, error)
    with connection.cursor() as cursor:
        cursor.execute(_FINISHED, {"rows": rows, "error": error, "name": one.name})


def ask_for(name: str) -> bool:
    """The current actor has asked for a run of the job now, which is on record, and its bell is rung at once;
    returns whether somebody may hear it. Without a broker beat does the work in its turn. Raises UnknownJob.
    """
    if name not in _schedule():
        raise UnknownJob(f"no job {name!r} is scheduled")
    record_many([Record("job.ask", "jobheartbeat", name)])
    return _send(name)


def ring_overdue() -> int:
    """Ask for every job that beat does not start itself and whose interval has passed since its last start;
    returns how many."""
    slow = {
        name: entry["every"]
        for name, entry in _schedule().items()
        if entry["every"] > settings.BEAT_STARTS_UP_TO_SECONDS
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.name FROM unnest(%s::text[], %s::int[]) AS asked(name, every)
            LEFT JOIN job_heartbeats h ON h.name = asked.name
            WHERE h.last_started_at IS NULL
               OR h.last_started_at < clock_timestamp() - make_interval(secs => asked.every)
            """,
            [list(slow), list(slow.values())],
        )
        overdue = [name for (name,) in cursor.fetchall()]
    for name in overdue:
        ring(name)
    return len(overdue)


def late_jobs(*, grace_seconds: int = 30) -> list[str]:
    """The names of frequent jobs whose last start is older than three of their intervals."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT name FROM job_heartbeats
            WHERE every_seconds <= 60 AND name = ANY(%s)
              AND last_started_at < clock_timestamp() - make_interval(secs => greatest(3 * every_seconds, %s))
            ORDER BY name
            """,
            [list(_schedule()), grace_seconds],
        )
        return [name for (name,) in cursor.fetchall()]
