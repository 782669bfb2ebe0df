"""Referrals: a worker who joined names who referred them, and their first paid task counts for quests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from reputation.models import Quest, Referral
from reputation.proofs.calculations import read_referral_code
from reputation.proofs.errors import AlreadyReferred, ReferralTooLate, UnknownReferralCode
from reputation.quests.enums import QuestKind, QuestStatus
from reputation.quests.services import Fact, record_events
from workers.models import Worker
from workers.profiles.enums import WorkerStatus
from workers.services import require_active

# A referrer is named in the first days; the first paid task counts within half a year.
NAMED_WITHIN, COUNTS_WITHIN = timedelta(days=14), timedelta(days=180)
COUNTED_AT_ONCE = 500


@verb("worker.name_referrer", "worker")
def name_referrer(*, worker_id: UUID, code: str, now: datetime | None = None) -> Referral:
    """Record whose referral code brought the worker here; the same code again changes nothing.

    Raises UnknownReferralCode (also for the worker's own code, and for that of a worker who joined later),
    AlreadyReferred, ReferralTooLate, WorkerSuspended or WorkerDeleted.
    """
    now = now or database_now()
    worker = Worker.objects.locked().get(pk=worker_id)
    require_active(worker=worker)
    referrer_id = read_referral_code(code)
    known = Referral.objects.filter(worker=worker).first()
    if known is not None:
        if known.referrer_id != referrer_id:
            at = known.created_at.isoformat()
            raise AlreadyReferred(f"you have named another worker at {at}", named_at=at)
        return known
    _require_new(worker, now)
    present = Worker.objects.filter(status=WorkerStatus.ACTIVE, deleted_at=None)
    # Who joined earlier: so nobody refers themselves, nor two workers each other.
    referrer = present.filter(pk=referrer_id, created_at__lt=worker.created_at).first()
    if referrer is None:
        raise UnknownReferralCode("no worker who joined before you has this referral code")
    referral = Referral.objects.create(worker=worker, referrer=referrer, created_at=now)
    audit.record("worker.name_referrer", worker, after={"referral": referral.pk}, now=now)
    return referral


def _require_new(worker: Worker, now: datetime) -> None:
    until = worker.created_at + NAMED_WITHIN
    if now > until or worker.total_tasks:
        raise ReferralTooLate(
            f"a referrer is named within {NAMED_WITHIN.days} days and before the first completed task:"
            f" until {until}, completed {worker.total_tasks}",
            until=until.isoformat(),
            completed=worker.total_tasks,
        )


def count_referrals(*, now: datetime | None = None) -> int:
    """Count the referrals of workers who have been paid for a first task; return how many. Each is a fact of
    the referrer's, in the quests of referrals that are open, by the house and by the platform that paid."""
    at = now or database_now()
    rows = sql.run("reputation/proofs/paid_referrals", since=at - COUNTS_WITHIN, most=COUNTED_AT_ONCE)
    for row in rows:
        for quest_id in _open_quests(row["platform_id"]):
            _record(quest_id, row, at)
        _mark(row["id"], at)
    return len(rows)


def _open_quests(platform_id: UUID) -> list[UUID]:
    quests = Quest.objects.filter(kind=QuestKind.REFERRAL, status=QuestStatus.OPEN)
    of_payer = quests.filter(Q(platform=None) | Q(platform=platform_id))
    return list(of_payer.order_by("pk").values_list("pk", flat=True))


def _record(quest_id: UUID, row: dict[str, Any], now: datetime) -> None:
    """Record the fact in a transaction of its own: a repeated run finds it known."""
    fact = Fact(
        worker_id=row["referrer_id"],
        event_type=QuestKind.REFERRAL,
        external_id=str(row["worker_id"]),
        event_date=None,
        occurred_at=row["completed_at"],
        evidence={"referral": str(row["id"])},
    )
    record_events(quest_id=quest_id, facts=[fact], now=now)


@in_unit
def _mark(referral_id: UUID, now: datetime) -> None:
    referral = Referral.objects.locked().get(pk=referral_id)
    referral.counted_at = max(referral.counted_at or now, referral.created_at)
    referral.save(update_fields=["counted_at"])
