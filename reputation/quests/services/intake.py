"""Intake of facts: each becomes an event or is refused. A batch is decided in its order, on rows in memory,
and written by a fixed number of statements."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from audit.log.services import jsonable
from gigstream.core import sql
from gigstream.core.errors import Refusal
from platforms.models import Consent
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Quest, QuestEvent, Reservation
from reputation.quests.calculations import Unmet, time_text, unmet_conditions
from reputation.quests.enums import SHARED_FACTS, QuestKind, QuestStatus, ReservationStatus
from reputation.quests.errors import (
    AlreadyReported,
    NotEligible,
    QuestCooldown,
    QuestLimitReached,
    QuestNotFound,
    QuestNotOpen,
    ReservationExpired,
    SocialAccountNeeded,
)
from reputation.quests.services import budgets
from reputation.quests.services.facts import Fact, FactResult, dated_fact, erased_forms, require_time
from workers.models import SocialAccount
from workers.profiles.enums import WorkerStatus
from workers.profiles.errors import WorkerDeleted, WorkerSuspended
from workers.social.networks import all_networks
from workers.social.selectors import linked_account

FactKey = tuple[str, date | None]
CountKey = tuple[UUID, date | None]


def find_quest(quest_id: UUID) -> Quest:
    """Return the quest with its platform. Raises QuestNotFound, also for a draft."""
    found = Quest.objects.select_related("platform").filter(pk=quest_id)
    quest = found.exclude(status=QuestStatus.DRAFT).first()
    if quest is None:
        raise QuestNotFound(NOTHING_HERE)
    return quest


@dataclass(slots=True)
class Intake:
    """Facts of a quest that are decided and written together. `results` are in the order of the facts; events
    that were written are in `written`, by the facts' numbers."""

    quest: Quest
    facts: Sequence[Fact]
    now: datetime
    results: dict[int, FactResult] = field(default_factory=dict)
    written: dict[int, QuestEvent] = field(default_factory=dict)
    # Whether earlier events of the quest wait to be granted.
    is_behind_others: bool = False
    _workers: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    _dates: dict[int, date | None] = field(default_factory=dict)
    _counts: dict[CountKey, int] = field(default_factory=dict)
    _reserved: dict[UUID, Reservation] = field(default_factory=dict)
    _consenting: Collection[UUID] = ()
    _known: dict[FactKey, QuestEvent | int] = field(default_factory=dict)
    _latest: dict[UUID, datetime] = field(default_factory=dict)
    _new: dict[int, QuestEvent] = field(default_factory=dict)
    _counted: Counter[CountKey] = field(default_factory=Counter)
    _used: dict[int, Reservation] = field(default_factory=dict)

    def record(self) -> None:
        """Decide on the facts and write their events, as received."""
        self._lock_workers()
        for number, fact in enumerate(self.facts):
            try:
                self._dates[number] = self._date_of(fact)
            except Refusal as refusal:
                self.results[number] = FactResult.of_refusal(refusal)
        if self._dates:
            self._lock_and_read()
        for number in self._dates:
            try:
                self._take(number)
            except Refusal as refusal:
                self.results[number] = FactResult.of_refusal(refusal)
        self._write()

    def _lock_workers(self) -> None:
        rows = sql.run(
            "reputation/quests/lock_workers", workers=list({fact.worker_id for fact in self.facts})
        )
        self._workers = {row["id"]: row for row in rows}

    def _date_of(self, fact: Fact) -> date | None:
        worker = self._workers.get(fact.worker_id)
        if worker is None or worker["deleted_at"] is not None:
            raise WorkerDeleted(f"worker {fact.worker_id} has left or never was")
        return dated_fact(fact, self.quest, time_zone=worker["time_zone"], now=self.now)

    def _lock_and_read(self) -> None:
        """Lock the counts, then the reservations; what is read after them is as their last holders left
        it."""
        workers = [self.facts[number].worker_id for number in self._dates]
        dated = list(zip(workers, self._dates.values(), strict=True))
        # A cooldown holds from date to date: the count without a date is locked for all dates of a worker.
        undated = [(worker_id, None) for worker_id in workers] if self.quest.cooldown_seconds else []
        rows = sql.run(
            "reputation/quests/lock_counts",
            quests=[self.quest.pk] * len(dated + undated),
            workers=[worker_id for worker_id, _ in dated + undated],
            dates=[counted for _, counted in dated + undated],
        )
        self._counts = {(row["worker_id"], row["period_date"]): row["n"] for row in rows}
        erased = self._erased_forms()
        (read,) = sql.run(
            "reputation/quests/read_intake",
            quest=self.quest.pk,
            platform=self.quest.platform_id,
            cooldown=self.quest.cooldown_seconds,
            workers=workers,
            external_ids=[*(self.facts[number].external_id for number in self._dates), *erased],
            now=self.now,
        )
        if read["reserved"]:
            reserved = Reservation.objects.open().filter(pk__in=read["reserved"]).locked()
            self._reserved = {row.worker_id: row for row in reserved}
        for event in QuestEvent.objects.filter(pk__in=read["known"]) if read["known"] else ():
            event.quest = self.quest
            fact = erased.get(event.external_id, event.external_id)
            self._known[fact, event.event_date] = event
        self._consenting = set(read["consenting"])
        self.is_behind_others = read["is_behind_others"]
        latest = json.loads(read["latest"] or "{}")
        self._latest = {UUID(worker_id): datetime.fromisoformat(at) for worker_id, at in latest.items()}

    def _erased_forms(self) -> dict[str, str]:
        """Return the facts by the external ids that stand for them where their worker was erased. Those of a
        quest whose facts are its workers' own need none: who was erased reports nothing."""
        if self.quest.kind not in SHARED_FACTS:
            return {}
        facts = {self.facts[number].external_id for number in self._dates}
        return {form: fact for fact in facts for form in erased_forms(self.quest.pk, fact)}

    def _take(self, number: int) -> None:
        """Decide on a fact. A known fact is answered as before, also when its quest is over."""
        fact, dated = self.facts[number], self._dates[number]
        known = self._known.get((fact.external_id, dated))
        if known is not None:
            self._replay(number, fact, known)
            return
        self._require_consent(fact)
        reservation = self._reservation_for(fact, dated)
        self._require_worker(fact)
        if reservation is None:
            require_open(self.quest, self.now)
            require_eligible(unmet_by(self.quest, self._workers[fact.worker_id], self.now))
            require_time(fact, self.quest)
            self._require_count(fact, dated)
            budgets.require_room(self.quest, self.quest.reward_amount)
            self._counted[fact.worker_id, dated] += 1
            self._foresee()
        else:
            self._used[number] = self._reserved.pop(fact.worker_id)
        self._known[fact.external_id, dated] = number
        self._latest[fact.worker_id] = self.now
        self._new[number] = self._event_of(number, reservation)

    def _event_of(self, number: int, reservation: Reservation | None) -> QuestEvent:
        fact, quest = self.facts[number], self.quest
        return QuestEvent(
            quest=quest,
            created_at=self.now,
            worker_id=fact.worker_id,
            event_type=fact.event_type,
            external_id=fact.external_id,
            event_date=self._dates[number],
            occurred_at=fact.occurred_at,
            evidence=fact.evidence,
            reward_kind=quest.reward_kind,
            amount=reservation.amount if reservation else quest.reward_amount,
            reservation=reservation,
        )

    def _replay(self, number: int, fact: Fact, known: QuestEvent | int) -> None:
        """Answer a fact that was reported before, in this batch or an earlier one: for its worker with its
        outcome. Raises AlreadyReported for another worker."""
        first = self._new[known].worker_id if isinstance(known, int) else known.worker_id
        if first != fact.worker_id:
            raise AlreadyReported(
                f"{fact.external_id} has been reported before, for another worker",
                external_id=fact.external_id,
            )
        if isinstance(known, int):
            self.results[number] = FactResult(known, "", replayed=True)
        else:
            self.results[number] = FactResult.of_event(known, replayed=True)

    def _reservation_for(self, fact: Fact, dated: date | None) -> Reservation | None:
        """Return the worker's reservation if it is for this date. Raises ReservationExpired where its lease
        is over: its place may be somebody else's in a moment, unless proof was handed in under it."""
        reservation = self._reserved.get(fact.worker_id)
        if reservation is None or reservation.period_date != dated:
            return None
        if reservation.handed_in_at is None and reservation.expires_at <= self.now:
            raise ReservationExpired(
                f"the reservation expired at {time_text(reservation.expires_at)}",
                expires_at=reservation.expires_at.isoformat(),
            )
        return reservation

    def _require_consent(self, fact: Fact) -> None:
        """Raise QuestNotFound for a worker who has neither agreed to work for the quest's platform nor a
        place in the quest."""
        is_known = self.quest.platform_id is None or fact.worker_id in self._consenting
        if not is_known and fact.worker_id not in self._reserved:
            raise QuestNotFound(NOTHING_HERE)

    def _require_worker(self, fact: Fact) -> None:
        worker = self._workers[fact.worker_id]
        if worker["status"] != WorkerStatus.ACTIVE:
            raise WorkerSuspended(f"worker {fact.worker_id} is suspended", status=worker["status"])
        require_no_cooldown(self.quest, self._latest.get(fact.worker_id), self.now)

    def _require_count(self, fact: Fact, dated: date | None) -> None:
        used = self._counts.get((fact.worker_id, dated), 0) + self._counted[fact.worker_id, dated]
        require_below_limit(self.quest, used, dated)

    def _foresee(self) -> None:
        """Count the fact on the unlocked quest, so that no more facts are taken than there is room for
        now."""
        self.quest.places_taken += 1
        self.quest.reserved += self.quest.reward_amount

    def _write(self) -> None:
        """Write the new events, then their counts, then the reservations that they use."""
        if not self._new:
            return
        rows = sql.run(
            "reputation/quests/insert_events",
            now=self.now,
            quest=self.quest.pk,
            reward_kind=self.quest.reward_kind,
            events=Jsonb([_as_json(number, event) for number, event in self._new.items()]),
        )
        ids = {(row["external_id"], row["event_date"]): row["id"] for row in rows}
        for number, event in self._new.items():
            self._set_id(number, event, ids.get((event.external_id, event.event_date)))
        add_to_counts(self.quest, self._counted)
        used = [row.pk for number, row in self._used.items() if number in self.written]
        if used:
            Reservation.unguarded.filter(pk__in=used).update(status=ReservationStatus.USED, ended_at=self.now)

    def _set_id(self, number: int, event: QuestEvent, event_id: int | None) -> None:
        if event_id is not None:
            event.pk = event_id
            event._state.adding = False
            self.written[number] = event
            return
        # Another transaction has written this fact since it was looked for: of a worker whose count was not
        # locked.
        if number not in self._used:
            self._counted[event.worker_id, event.event_date] -= 1
        refusal = AlreadyReported(
            f"{event.external_id} has been reported before, for another worker", external_id=event.external_id
        )
        self.results[number] = FactResult.of_refusal(refusal)

    def conclude(self) -> list[FactResult]:
        """Return the results in the order of the facts, now that the events have their states."""
        for number, event in self.written.items():
            self.results[number] = FactResult.of_event(event)
        for number, result in self.results.items():
            # The repetition of a fact of this batch, by its number.
            if result.replayed and not result.state:
                first = self.results[result.event_id or 0]
                self.results[number] = replace(first, replayed=True)
        return [self.results[number] for number in range(len(self.facts))]


def _as_json(number: int, event: QuestEvent) -> dict[str, Any]:
    return {
        "number": number,
        "worker_id": str(event.worker_id),
        "event_type": event.event_type,
        "external_id": event.external_id,
        "event_date": event.event_date.isoformat() if event.event_date else None,
        "occurred_at": event.occurred_at.isoformat(),
        "evidence": jsonable(event.evidence),
        "reservation_id": str(event.reservation_id) if event.reservation_id else None,
        "amount": str(event.amount),
    }


def add_to_counts(quest: Quest, added: Counter[CountKey]) -> None:
    """Add to counts that are locked. Raises ValueError where one would pass the limit."""
    keys = [key for key, n in added.items() if n]
    if not keys:
        return
    rows = sql.run(
        "reputation/quests/add_to_counts",
        quests=[quest.pk] * len(keys),
        workers=[worker_id for worker_id, _ in keys],
        dates=[dated for _, dated in keys],
        added=[added[key] for key in keys],
        limits=[quest.limit_per_worker] * len(keys),
    )
    if len(rows) != len(keys):
        raise ValueError(f"{len(keys) - len(rows)} counts of quest {quest.pk} would pass the limit")


def consenting_workers(quest: Quest, worker_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Return those of the workers who have agreed to work for the quest's platform; none for the house's."""
    if quest.platform_id is None:
        return set()
    consents = Consent.objects.in_force_at(now).filter(platform=quest.platform_id, worker__in=worker_ids)
    return set(consents.values_list("worker", flat=True))


def require_open(quest: Quest, now: datetime) -> None:
    """Raise QuestNotOpen unless the quest takes facts and reservations at `now`; an exhausted quest says what
    it lacks (QuestExhausted)."""
    times = {
        "status": quest.status,
        "starts_at": quest.starts_at.isoformat() if quest.starts_at else "",
        "ends_at": quest.ends_at.isoformat() if quest.ends_at else "",
    }
    if quest.status == QuestStatus.EXHAUSTED:
        budgets.require_room(quest, quest.reward_amount)
    elif quest.status != QuestStatus.OPEN:
        raise QuestNotOpen(f"the quest is {quest.status}", **times)
    if quest.platform is not None and (not quest.platform.is_active or quest.platform.deleted_at):
        raise QuestNotOpen("the platform of the quest is not active", **times)
    if quest.starts_at and now < quest.starts_at:
        raise QuestNotOpen(f"the quest begins at {time_text(quest.starts_at)}", **times)
    if quest.ends_at and now >= quest.ends_at:
        raise QuestNotOpen(f"the quest ended at {time_text(quest.ends_at)}", **times)


def unmet_by(quest: Quest, worker: dict[str, Any], now: datetime) -> Sequence[Unmet]:
    """Return the conditions of the quest that the worker's row does not meet."""
    return unmet_conditions(
        min_tier=quest.min_tier,
        min_account_age_days=quest.min_account_age_days,
        countries=quest.countries,
        score=worker["reputation_score"],
        country=worker["country"],
        registered_at=worker["created_at"],
        now=now,
    )


def require_eligible(unmet: Sequence[Unmet]) -> None:
    """Raise NotEligible where a condition is not met, with what would change it."""
    if unmet:
        words = "; ".join(
            f"{one.condition}: needs {one.needed}, has {one.present} ({one.change})" for one in unmet
        )
        raise NotEligible(words, **{one.condition: f"{one.present}, needs {one.needed}" for one in unmet})


def needs_account(quest: Quest) -> bool:
    """Whether workers claim the quest by a linked account of its network, as nobody else reports the act."""
    return quest.kind == QuestKind.SOCIAL_CHECK and quest.is_claimable


def account_for(quest: Quest, worker_id: UUID) -> SocialAccount | None:
    """Return the worker's linked account by which they claim the quest; None where it needs none. Raises
    SocialAccountNeeded."""
    if not needs_account(quest):
        return None
    account = linked_account(worker_id=worker_id, network=quest.network)
    require_account(quest, {account.network} if account else ())
    return account


def require_account(quest: Quest, networks: Collection[str]) -> None:
    """Raise SocialAccountNeeded for a worker who has linked accounts of these networks alone, if the quest
    needs another."""
    if needs_account(quest) and quest.network not in networks:
        known = all_networks().get(quest.network)
        title = known.title if known else quest.network
        raise SocialAccountNeeded(
            f"the quest counts for a verified account of {title}: link yours first (me/social-accounts)",
            network=quest.network,
        )


def require_no_cooldown(quest: Quest, latest: datetime | None, now: datetime) -> None:
    """Raise QuestCooldown unless the worker's latest event of the quest is long enough ago."""
    if latest is None or not quest.cooldown_seconds:
        return
    until = latest + timedelta(seconds=quest.cooldown_seconds)
    if now < until:
        raise QuestCooldown(
            f"the next event of this quest counts from {time_text(until)} on",
            latest=latest.isoformat(),
            until=until.isoformat(),
            cooldown_seconds=quest.cooldown_seconds,
        )


def require_below_limit(quest: Quest, used: int, dated: date | None) -> None:
    """Raise QuestLimitReached where a worker has `used` all places that the quest has for them."""
    limit = quest.limit_per_worker
    if limit is not None and used >= limit:
        period = f"on {dated}" if dated else "in all"
        raise QuestLimitReached(
            f"a worker has at most {limit} rewards of this quest {period}, taken {used}",
            limit=limit,
            used=used,
            date=dated or "",
        )
