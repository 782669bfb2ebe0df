"""Pauses of streaks, declared ahead."""

from datetime import date, datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from reputation.models import StreakPause
from reputation.streaks.calculations import DAY, LONGEST_PAUSE_DAYS, PAUSE_AHEAD_DAYS
from reputation.streaks.errors import InvalidPause
from reputation.streaks.selectors import read_calendar
from workers import services as workers


@verb("streak.pause", "worker")
def declare_pause(
    *, worker_id: UUID, starts_on: date, ends_on: date, now: datetime | None = None
) -> StreakPause:
    """Let the worker's streak rest on these dates; repeated, return the pause that there is.

    Raises InvalidPause, WorkerDeleted or WorkerSuspended.
    """
    worker = workers.lock_active_worker(worker_id=worker_id)
    now = now or database_now()
    pauses = StreakPause.objects.filter(worker=worker)
    known = pauses.filter(starts_on=starts_on, ends_on=ends_on).first()
    if known is not None:
        return known
    _require_length(starts_on, ends_on)
    today = read_calendar(worker).date_at(now)
    if not today < starts_on <= today + PAUSE_AHEAD_DAYS * DAY:
        raise InvalidPause(
            f"a pause is declared ahead, at most {PAUSE_AHEAD_DAYS} days: it is {today}, the pause would"
            f" begin on {starts_on}",
            today=today.isoformat(),
            starts_on=starts_on.isoformat(),
        )
    near = pauses.filter(starts_on__lte=ends_on + DAY, ends_on__gte=starts_on - DAY).first()
    if near is not None:
        raise InvalidPause(
            f"between two pauses lies a date at least: another is from {near.starts_on} to {near.ends_on}",
            starts_on=near.starts_on.isoformat(),
            ends_on=near.ends_on.isoformat(),
        )
    pause = StreakPause(worker=worker, starts_on=starts_on, ends_on=ends_on, created_at=now)
    pause.save(force_insert=True)
    audit.record("streak.pause", worker, after={"starts_on": starts_on, "ends_on": ends_on}, now=now)
    return pause


def _require_length(starts_on: date, ends_on: date) -> None:
    days = (ends_on - starts_on).days + 1
    if not 1 <= days <= LONGEST_PAUSE_DAYS:
        raise InvalidPause(
            f"a pause lasts 1 to {LONGEST_PAUSE_DAYS} days, not {days}",
            days=days,
            longest=LONGEST_PAUSE_DAYS,
        )
