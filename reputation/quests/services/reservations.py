"""Reservations: a place in a quest, with its money, that is kept for a worker before the work begins."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Quest, QuestEvent, Reservation
from reputation.quests.calculations import local_date, time_text
from reputation.quests.enums import QuestEventStatus, QuestPeriod, QuestStatus, ReservationStatus
from reputation.quests.errors import AlreadyReserved, QuestNotFound, ReservationExpired
from reputation.quests.services import budgets, intake
from reputation.quests.services.granting import write_rewards
from reputation.quests.services.intake import find_quest
from reputation.quests.services.quests import lock_quest
from workers.profiles.enums import WorkerStatus
from workers.profiles.errors import WorkerDeleted, WorkerSuspended

EXPIRED_AT_ONCE = 1_000


@verb("quest.reserve", "quest")
def reserve_place(*, quest_id: UUID, worker_id: UUID, now: datetime | None = None) -> Reservation:
    """Keep a place of the quest for the worker, with its money, for 24 hours (setting) or to the quest's end.

    It counts as a reward of the worker's until the lease is over. Raises QuestNotFound, QuestNotOpen,
    QuestExhausted, QuestLimitReached, NotEligible, SocialAccountNeeded, AlreadyReserved, WorkerSuspended or
    WorkerDeleted.
    """
    now = now or database_now()
    quest = find_quest(quest_id)
    worker = _present_worker(worker_id)
    if quest.platform_id is not None and not intake.consenting_workers(quest, [worker_id], now):
        raise QuestNotFound(NOTHING_HERE)
    dated = local_date(now, worker["time_zone"]) if quest.period == QuestPeriod.DAILY else None
    (count,) = sql.run("reputation/quests/lock_counts", quests=[quest.pk], workers=[worker_id], dates=[dated])
    known = Reservation.objects.open().filter(quest=quest, worker=worker_id).first()
    if known is not None:
        raise AlreadyReserved(
            f"a place is reserved until {time_text(known.expires_at)}",
            expires_at=known.expires_at.isoformat(),
        )
    intake.require_open(quest, now)
    intake.require_eligible(intake.unmet_by(quest, worker, now))
    intake.account_for(quest, worker_id)
    intake.require_below_limit(quest, count["n"], dated)
    intake.add_to_counts(quest, Counter({(worker_id, dated): 1}))
    return _reserve(lock_quest(quest_id=quest.pk), worker_id, dated, now)


def _present_worker(worker_id: UUID) -> dict[str, Any]:
    rows = sql.run("reputation/quests/lock_workers", workers=[worker_id])
    if not rows or rows[0]["deleted_at"] is not None:
        raise WorkerDeleted(f"worker {worker_id} has left or never was")
    if rows[0]["status"] != WorkerStatus.ACTIVE:
        raise WorkerSuspended(f"worker {worker_id} is suspended", status=rows[0]["status"])
    return rows[0]


def _reserve(quest: Quest, worker_id: UUID, dated: date | None, now: datetime) -> Reservation:
    """Take the place from the locked quest, which may have changed since it was read."""
    intake.require_open(quest, now)
    budgets.require_room(quest, quest.reward_amount)
    lease = now + timedelta(hours=settings.QUEST_LEASE_HOURS)
    reservation = Reservation(
        quest=quest,
        worker_id=worker_id,
        period_date=dated,
        amount=quest.reward_amount,
        expires_at=min(lease, quest.ends_at) if quest.ends_at else lease,
        created_at=now,
    )
    reservation.save(force_insert=True)
    quest.reserved += quest.reward_amount
    quest.places_taken += 1
    before, quest.status = quest.status, budgets.next_status(quest)
    write_rewards([quest], [], now)
    if quest.status != before:
        budgets.announce_status(quest, now=now)
    audit.record(
        "quest.reserve",
        quest,
        after={"reservation": reservation.pk, "worker": worker_id, "expires_at": reservation.expires_at},
        now=now,
    )
    return reservation


def keep_for_proof(*, quest_id: UUID, worker_id: UUID, now: datetime) -> Reservation:
    """Return the worker's place, under which proof is handed in: their open reservation, or a new one. Its
    lease does not end until `stop_keeping`.

    Raises ReservationExpired, QuestNotOpen, QuestCooldown, and the refusals of `reserve_place`.
    """
    quest = find_quest(quest_id)
    _present_worker(worker_id)
    events = QuestEvent.objects.filter(quest=quest, worker=worker_id)
    latest = events.exclude(status=QuestEventStatus.REJECTED).aggregate(at=Max("created_at"))["at"]
    intake.require_no_cooldown(quest, latest, now)
    known = Reservation.objects.open().filter(quest=quest, worker=worker_id).locked().first()
    if known is None:
        known = reserve_place(quest_id=quest_id, worker_id=worker_id, now=now)
    elif known.expires_at <= now:
        _require_kept(known, quest, now)
    known.handed_in_at = now
    known.save(update_fields=["handed_in_at"])
    return known


def _require_kept(reservation: Reservation, quest: Quest, now: datetime) -> None:
    """Raise ReservationExpired unless the place whose lease is over is kept for proof that was refused, and
    QuestNotOpen unless the quest takes other proof."""
    if reservation.handed_in_at is None:
        raise ReservationExpired(
            f"the reservation expired at {time_text(reservation.expires_at)}",
            expires_at=reservation.expires_at.isoformat(),
        )
    if quest.status == QuestStatus.EXHAUSTED:
        # This place is taken already.
        quest.status = QuestStatus.OPEN
    intake.require_open(quest, now)


def stop_keeping(reservation_ids: Collection[UUID]) -> None:
    """Let these places end with their leases again, unless they were used."""
    open_ = Reservation.unguarded.filter(pk__in=reservation_ids, status=ReservationStatus.OPEN)
    open_.update(handed_in_at=None)


def expire_reservations(*, now: datetime | None = None) -> int:
    """End the reservations whose lease is over; return how many. Count, place and money go back in the same
    statement, and a closed quest gives the money back to its platform."""
    at = now or database_now()
    return repeat_batch(lambda: _expire_batch(at), size=EXPIRED_AT_ONCE)


@in_unit
def _expire_batch(now: datetime) -> int:
    rows = sql.run("reputation/quests/expire_reservations", now=now, most=EXPIRED_AT_ONCE)
    freed = {row["quest_id"] for row in rows}
    for quest in Quest.objects.locked().filter(pk__in=freed) if freed else ():
        if quest.status == QuestStatus.CLOSED:
            budgets.give_back_free(quest, now=now)
        else:
            budgets.follow_budget(quest, now=now)
    return len(rows)
