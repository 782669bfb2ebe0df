"""Check-ins: made by a sign-in, claimed by the worker, rewarded by quests of the kind check_in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from reputation.models import CheckIn, StreakPause, StreakZone
from reputation.streaks.calculations import missed_dates
from reputation.streaks.selectors import History, read_calendar, read_history
from reputation.streaks.services.rewards import Reward, report_claim
from workers.models import Worker
from workers.services import require_active


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed check-in, with the streak after it and what the quests gave. `replayed` says that the date
    was claimed before."""

    check_in: CheckIn
    history: History
    rewards: Sequence[Reward]
    replayed: bool


def check_in(*, worker: Worker, now: datetime) -> date:
    """Make the worker's check-in of the present date, unclaimed, unless it is there; return the date."""
    day = read_calendar(worker).date_at(now)
    values = {"worker": worker.pk, "day": day, "now": now}
    sql.run("reputation/streaks/first_zone", zone=worker.time_zone, **values)
    sql.run("reputation/streaks/check_in", **values)
    return day


@verb("check_in.claim", "worker")
def claim_check_in(*, worker_id: UUID, now: datetime | None = None) -> Claim:
    """Claim the check-in of the worker's present date, and report it to the quests that reward it. A date is
    claimed once: repeated, the claim is returned with the first outcome of its rewards.

    Raises WorkerDeleted or WorkerSuspended.
    """
    # Shared, as the keys of foreign rows are: only a change of status waits for it.
    worker = Worker.objects.raw("SELECT * FROM workers WHERE id = %s FOR KEY SHARE", [worker_id])[0]
    require_active(worker=worker)
    now = now or database_now()
    day = check_in(worker=worker, now=now)
    row = CheckIn.objects.locked().get(worker=worker, local_date=day)
    history = read_history(worker, at=now)
    replayed = row.claimed_at is not None
    if not replayed:
        missed = missed_dates(history.streak.last, day, history.excuses.is_excused)
        streak = history.streak.claimed(day, missed)
        history = History(day, history.excuses, history.claimed | {day}, streak)
        row.claimed_at, row.streak_started_on, row.streak_days = now, streak.started_on, streak.days
        row.save(update_fields=["claimed_at", "streak_started_on", "streak_days"])
        audit.record("check_in.claim", worker, after={"date": day, "streak_days": streak.days}, now=now)
    return Claim(row, history, report_claim(worker=worker, check_in=row, now=now), replayed)


def forget_check_ins(*, worker: Worker) -> None:
    """Delete the calendar of a worker who leaves: check-ins, pauses and time zones."""
    for model in (CheckIn, StreakPause, StreakZone):
        model.unguarded.filter(worker=worker).delete()
