"""Offers: quests as a worker sees them, with the reasons why one is not open to them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gigstream.core.errors import Refusal
from reputation.models import Quest, Reservation
from reputation.quests.calculations import local_date, time_text
from reputation.quests.enums import QuestPeriod
from reputation.quests.errors import ReservationExpired
from reputation.quests.selectors import Taken, taken_by
from reputation.quests.services import budgets, intake
from workers.models import Worker
from workers.social.selectors import linked_accounts


@dataclass(frozen=True, slots=True)
class Offer:
    """A quest for a worker: the places that they have taken in the present period, their reservation, and
    what stands against another reward."""

    quest: Quest
    used: int
    reservation: Reservation | None
    obstacles: Sequence[Refusal]


def offers_to(worker: Worker, quests: Sequence[Quest], *, now: datetime) -> list[Offer]:
    """Return the quests as offers to the worker, by a fixed number of statements."""
    today = local_date(now, worker.time_zone)
    taken = taken_by(worker.pk, [quest.pk for quest in quests], today=today)
    networks: set[str] = set()
    if any(intake.needs_account(quest) for quest in quests):
        networks = {account.network for account in linked_accounts(worker_id=worker.pk)}
    return [_offer(worker, quest, taken, networks, now) for quest in quests]


def _offer(worker: Worker, quest: Quest, taken: Taken, networks: Collection[str], now: datetime) -> Offer:
    used, reservation = taken.counts.get(quest.pk, 0), taken.reservations.get(quest.pk)
    row = {
        "reputation_score": worker.reputation_score,
        "country": worker.country,
        "created_at": worker.created_at,
    }
    obstacles = [
        *_refusals(lambda: intake.require_account(quest, networks)),
        *_refusals(lambda: intake.require_no_cooldown(quest, taken.latest.get(quest.pk), now)),
    ]
    if reservation is not None:
        return Offer(
            quest, used, reservation, [*_refusals(lambda: _require_lease(reservation, now)), *obstacles]
        )
    dated = local_date(now, worker.time_zone) if quest.period == QuestPeriod.DAILY else None
    unmet = intake.unmet_by(quest, row, now)
    obstacles = [
        *_refusals(lambda: intake.require_open(quest, now)),
        *_refusals(lambda: intake.require_eligible(unmet)),
        *_refusals(lambda: intake.require_below_limit(quest, used, dated)),
        *obstacles,
    ]
    return Offer(
        quest, used, None, obstacles or _refusals(lambda: budgets.require_room(quest, quest.reward_amount))
    )


def _require_lease(reservation: Reservation, now: datetime) -> None:
    if reservation.expires_at <= now:
        raise ReservationExpired(
            f"the reservation expired at {time_text(reservation.expires_at)}",
            expires_at=reservation.expires_at.isoformat(),
        )


def _refusals(check: Callable[[], None]) -> list[Refusal]:
    """Return the refusal that the check raises, if it does."""
    try:
        check()
    except Refusal as refusal:
        return [refusal]
    return []
