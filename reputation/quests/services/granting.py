"""Grants: events become rewards, in the order of their ids, by a fixed number of statements for any number.

The rows that all workers of a quest share (its budget, its platform's escrow) are locked last, after
everything that is an event's own.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from psycopg.types.json import Jsonb

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.reasons import require_reason
from audit.log.services import Record, verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import is_held_by_others, require_cause_in_rows
from gigstream.jobs.registry import nudge_job
from payments.earnings.calculations import fee_between
from payments.earnings.payables import Payable
from payments.earnings.services.earnings import Payroll
from payments.earnings.vocabulary import REWARD
from payments.ledger.enums import AccountName
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import Subject
from payments.streams.services.parked_streams import wait_after
from reputation.models import Quest, QuestEvent
from reputation.points.services import NewPoints, book_points
from reputation.quests.calculations import time_text
from reputation.quests.enums import FAILED, QuestEventStatus, QuestStatus, RewardKind
from reputation.quests.errors import EventNotDeferred, QuestExhausted
from reputation.quests.services import budgets
from reputation.quests.services.assessments import Assessments, Hold, case_of_reduction
from reputation.quests.services.outflows import Outflows
from reputation.quests.vocabulary import HELD, HOLD, QUEST
from reputation.signals import quest_events_granted, quest_events_rejected

logger = logging.getLogger(__name__)

GRANTED_AT_ONCE = 1_000
# A run ends before the time limit of its job, also while more and more comes.
BATCHES_OF_A_RUN = 20


@dataclass(slots=True)
class Grants:
    """Events of any quests that are granted, held, or rejected where their quest has no room, in one
    transaction.

    The caller has locked the events, unless it has just written them, and their counts. Events of `holds`
    that wait are held, and those that would pass a bound of the outflow go on waiting; an event that was held
    is granted.
    """

    events: Sequence[QuestEvent]
    now: datetime
    holds: InitVar[Mapping[int, Hold] | None] = None
    held: list[QuestEvent] = field(default_factory=list)
    granted: list[QuestEvent] = field(default_factory=list)
    rejected: list[QuestEvent] = field(default_factory=list)
    waiting: list[QuestEvent] = field(default_factory=list)
    _assessments: Assessments = field(init=False)
    _outflows: Outflows = field(init=False)
    _quests: dict[UUID, Quest] = field(default_factory=dict)
    _exhausted: list[Quest] = field(default_factory=list)

    def __post_init__(self, holds: Mapping[int, Hold] | None) -> None:
        self._assessments = Assessments(dict(holds or {}))
        self._outflows = Outflows(self.now)

    def make(self) -> None:
        """Take the budgets, book the rewards, and write the outcomes of the events."""
        received = [event for event in self.events if event.status == QuestEventStatus.RECEIVED]
        self._assessments.assess(received, self.now)
        payroll = Payroll(self.now)
        payouts = [
            event
            for event in self.events
            if event.reward_kind == RewardKind.PAYOUT and not self._is_to_be_held(event)
        ]
        places = {place for event in payouts for place in _places_of(event)}
        payroll.lock_deductions({event.worker_id for event in payouts if event.quest.platform_id}, places)
        self._outflows.lock_days({event.worker_id for event in payouts})
        self._lock_quests()
        for event in sorted(self.events, key=lambda event: event.pk):
            self._decide(event, payroll)
        if payouts:
            payroll.lock_accounts(places)
            entries = payroll.book()
            for event in self.granted:
                event.entry_id = entries.get(f"{REWARD}:{_key_of(event)}")
        points = [event for event in self.granted if event.reward_kind == RewardKind.POINTS]
        if points:
            book_points([_points_of(event) for event in points], now=self.now)
        self._write()
        self._announce()

    def _is_to_be_held(self, event: QuestEvent) -> bool:
        return event.status == QuestEventStatus.RECEIVED and event.pk in self._assessments.holds

    def _lock_quests(self) -> None:
        """Lock the quests: from here on each waits for the others' commit."""
        ids = {event.quest_id for event in self.events}
        self._quests = {quest.pk: quest for quest in Quest.objects.locked().filter(pk__in=ids)}
        self._outflows.read_hours(self._quests)

    def _decide(self, event: QuestEvent, payroll: Payroll) -> None:
        quest, is_new = self._quests[event.quest_id], event.status == QuestEventStatus.RECEIVED
        is_reserved = event.status == QuestEventStatus.HELD or event.reservation_id is not None
        try:
            if not is_reserved:
                budgets.require_room(quest, event.amount)
        except QuestExhausted as refusal:
            _reject(event, refusal, self.now)
            self.rejected.append(event)
            return
        is_to_be_held = self._is_to_be_held(event)
        if is_new:
            self._assessments.reduce(event)
            if not is_to_be_held and self._has_to_wait(event, quest):
                return
        if not is_reserved:
            quest.places_taken += 1
            quest.reserved += event.amount
        end_wait(event)
        if is_to_be_held:
            _hold(event, self._assessments.holds[event.pk], self.now)
            self.held.append(event)
            return
        if event.reward_kind == RewardKind.PAYOUT:
            payroll.add(_payable_of(event, quest))
        quest.reserved -= event.amount
        quest.granted += event.reward
        self._outflows.add(event)
        event.status, event.granted_at = QuestEventStatus.GRANTED, self.now
        self.granted.append(event)

    def _has_to_wait(self, event: QuestEvent, quest: Quest) -> bool:
        """Whether the reward would pass a bound of the outflow; it is assessed again when it is granted."""
        wait = self._outflows.find_wait(event, quest)
        if wait is None:
            return False
        forget_factor(event)
        event.waits_until, event.code, event.message = wait.until, wait.code, wait.message
        event.numbers = wait.numbers
        self.waiting.append(event)
        return True

    def _write(self) -> None:
        for quest in self._quests.values():
            before, quest.status = quest.status, budgets.next_status(quest)
            if before == QuestStatus.OPEN and quest.status == QuestStatus.EXHAUSTED:
                self._exhausted.append(quest)
        written = [*self.granted, *self.held, *self.rejected, *self.waiting]
        write_rewards(self._quests.values(), written, self.now, self._outflows)
        give_back_counts(self.rejected)
        for quest in self._quests.values():
            if self.rejected and quest.status == QuestStatus.CLOSED:
                budgets.give_back_free(quest, now=self.now)

    def _announce(self) -> None:
        counts = Counter(event.quest_id for event in self.granted)
        audit.record_many(
            (
                Record("quest.grant", "quest", str(quest_id), after={"count": count})
                for quest_id, count in counts.items()
            ),
            now=self.now,
        )
        decide(HOLD, *(_case_of_hold(event) for event in self.held), now=self.now)
        self._decide_reductions()
        if self.granted:
            quest_events_granted.send(sender=QuestEvent, events=self.granted, now=self.now)
        if self.rejected:
            quest_events_rejected.send(sender=QuestEvent, events=self.rejected, now=self.now)
        for quest in self._exhausted:
            budgets.announce_status(quest, now=self.now)

    def _decide_reductions(self) -> None:
        """Write a decision for each event whose points were reduced now, by a statement for each rule."""
        reductions = self._assessments.reductions
        reduced = [event for event in (*self.granted, *self.held) if event.pk in reductions]
        for rule in {reductions[event.pk].rule.key: reductions[event.pk].rule for event in reduced}.values():
            of_rule = [event for event in reduced if reductions[event.pk].rule == rule]
            decide(rule, *(case_of_reduction(event, reductions[event.pk]) for event in of_rule), now=self.now)


def _places_of(event: QuestEvent) -> set[Place]:
    """Return the accounts that a payout of this event may move."""
    quest = event.quest
    house = {Place(AccountName.FEES)} if quest.fee_bps else set()
    return _payable_of(event, quest).places | house


def _key_of(event: QuestEvent) -> str:
    return f"quest_event:{event.pk}"


def _payable_of(event: QuestEvent, quest: Quest) -> Payable:
    """Return the reward as pay, with the fee that is due on it after what the quest has granted. The house's
    is a gift, of which nothing is withheld."""
    return Payable(
        worker_id=event.worker_id,
        platform_id=quest.platform_id,
        amount=event.amount,
        key=_key_of(event),
        subject=Subject(QUEST, quest.pk),
        kind=REWARD,
        fee=fee_between(quest.fee_bps, quest.granted, quest.granted + event.amount),
        paid_at_once=False,
        is_deductible=quest.platform_id is not None,
    )


def _points_of(event: QuestEvent) -> NewPoints:
    return NewPoints(
        worker_id=event.worker_id,
        platform_id=event.quest.platform_id,
        amount=int(event.reward),
        reason=_reason_of_points(event),
        quest_event_id=event.pk,
    )


def _reason_of_points(event: QuestEvent) -> str:
    """Return the quest's title, and where the points are reduced why, and what would change it."""
    title = f"Quest: {event.quest.title}"
    if not event.factor_reason:
        return title
    return f"{title}: {int(event.reward)} of {int(event.amount)} points. {event.factor_reason}"


def _hold(event: QuestEvent, hold: Hold, now: datetime) -> None:
    event.status = QuestEventStatus.HELD
    event.held_until = now + timedelta(days=settings.QUEST_HOLD_DAYS)
    event.hold_reason, event.hold_evidence = hold.reason, hold.evidence


def _case_of_hold(event: QuestEvent) -> Case:
    return Case(
        subject=event,
        worker_id=event.worker_id,
        outcome=HELD,
        inputs={
            "quest": event.quest.slug,
            "amount": event.amount,
            "evidence": event.hold_evidence,
            "held_until": event.held_until,
        },
        sentence=f"The reward is held until {time_text(event.held_until)}: {event.hold_reason}",
        reason=event.hold_reason,
    )


def _reject(event: QuestEvent, refusal: Refusal, now: datetime) -> None:
    end_wait(event)
    event.status, event.rejected_at = QuestEventStatus.REJECTED, now
    event.code, event.message = refusal.code, refusal.message
    event.numbers = dict(refusal.numbers)


def end_wait(event: QuestEvent) -> None:
    """Forget for how long the event waited, and why."""
    event.waits_until, event.code, event.message, event.numbers = None, "", "", {}


def forget_factor(event: QuestEvent) -> None:
    """Forget the assessment of an event that goes on waiting."""
    event.factor, event.factor_reason, event.factor_evidence = Decimal(1), "", {}


def write_rewards(
    quests: Collection[Quest],
    events: Sequence[QuestEvent],
    now: datetime,
    outflows: Outflows | None = None,
) -> None:
    """Write the sums, places and states of these locked quests, the outcomes of these events (granted, held,
    rejected, or waiting for an hour or a day), and the outflows."""
    rows = list(quests)
    sql.run(
        "reputation/quests/write_rewards",
        now=now,
        quests=[quest.pk for quest in rows],
        granted=[quest.granted for quest in rows],
        reserved=[quest.reserved for quest in rows],
        places=[quest.places_taken for quest in rows],
        statuses=[str(quest.status) for quest in rows],
        outcomes=Jsonb([_outcome_as_json(event) for event in events]),
        **(outflows or Outflows(now)).as_columns(),
    )


def _outcome_as_json(event: QuestEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "status": str(event.status),
        "entry_id": event.entry_id,
        "held_until": event.held_until.isoformat() if event.held_until else None,
        "hold_reason": event.hold_reason,
        "hold_evidence": audit.jsonable(event.hold_evidence),
        "factor": str(event.factor),
        "factor_reason": event.factor_reason,
        "factor_evidence": audit.jsonable(event.factor_evidence),
        "waits_until": event.waits_until.isoformat() if event.waits_until else None,
        "code": event.code,
        "message": event.message,
        "numbers": event.numbers,
    }


def give_back_counts(events: Sequence[QuestEvent]) -> None:
    """Give back the counts of rejected events, for which the quest had no room."""
    freed = Counter((event.quest_id, event.worker_id, event.event_date) for event in events)
    if freed:
        sql.run(
            "reputation/quests/add_to_counts",
            quests=[quest_id for quest_id, _, _ in freed],
            workers=[worker_id for _, worker_id, _ in freed],
            dates=[dated for _, _, dated in freed],
            added=[-n for n in freed.values()],
            limits=[None] * len(freed),
        )


def grant_quest_events(*, now: datetime | None = None) -> int:
    """Grant the events that wait, in the order of their ids, up to 1,000 in a transaction; return how many
    were decided. A second run at the same time leaves the work to the first, which looks for more before it
    ends.

    An event whose grant raises an error is deferred for a while, and the others go on. Events of a quest
    whose rows others hold are left to the next run of the schedule: that error is raised at the end.
    """
    run = _Run()
    done = 0
    for _ in range(BATCHES_OF_A_RUN):
        at = now or database_now()
        due = QuestEvent.objects.due(at).exclude(quest__in=list(run.held)).order_by("pk")
        batch = list(due.values_list("pk", "quest_id")[:GRANTED_AT_ONCE])
        if not batch:
            break
        done += run.grant(batch, at)
        if run.is_another_under_way:
            return done
    else:
        nudge_granting()
    for reason in run.held.values():
        raise reason
    return done


@dataclass(slots=True)
class _Run:
    """A run of the job: the quests whose rows others hold, each with the error that said so."""

    held: dict[UUID, Exception] = field(default_factory=dict)
    is_another_under_way: bool = False

    def grant(self, batch: Sequence[tuple[int, UUID]], now: datetime) -> int:
        """Grant these events, of which each comes with its quest, in a transaction; return how many were
        decided. If that fails the events of each quest are tried by themselves, then each half of them, until
        the event is found that cannot be granted."""
        try:
            with transaction.atomic():
                return self._grant_at_once([event_id for event_id, _ in batch], now)
        except Exception as error:
            require_cause_in_rows(error)
            quests = list(dict.fromkeys(quest_id for _, quest_id in batch))
            if len(quests) == 1 and is_held_by_others(error):
                logger.warning("events of quest %s wait for rows that others hold", quests[0])
                self.held[quests[0]] = error
                return 0
            if len(batch) == 1:
                logger.exception("event %s could not be granted", batch[0][0])
                defer_event(event_id=batch[0][0], error=error, now=now)
                return 0
            logger.exception("a batch of %s events failed: they are granted in parts", len(batch))
        middle = len(batch) // 2
        parts = [batch[:middle], batch[middle:]]
        if len(quests) > 1:
            parts = [[one for one in batch if one[1] == quest_id] for quest_id in quests]
        return sum(self.grant(part, now) for part in parts if not self._is_left(part))

    def _is_left(self, part: Sequence[tuple[int, UUID]]) -> bool:
        return self.is_another_under_way or part[0][1] in self.held

    @in_unit
    def _grant_at_once(self, event_ids: Sequence[int], now: datetime) -> int:
        if not try_lock("grant_quest_events"):
            self.is_another_under_way = True
            return 0
        events = lock_events(event_ids, status=QuestEventStatus.RECEIVED)
        if events:
            Grants(events, now).make()
        return len(events)


@in_unit
def defer_event(*, event_id: int, error: Exception, now: datetime) -> None:
    """Let the event whose grant has just failed wait, each time for twice as long, at most an hour. Nothing
    is lost: it keeps its place, and is granted once the cause is mended."""
    due = QuestEvent.objects.due(now).filter(pk=event_id)
    event = due.select_for_update(skip_locked=True, no_key=True).first()
    if event is None:
        return
    failures = 1 + (int(event.numbers["failures"]) if event.code == FAILED else 0)
    until = now + wait_after(failures)
    QuestEvent.unguarded.filter(pk=event_id).update(
        waits_until=until,
        code=FAILED,
        message="the reward could not be granted, which is our fault and not yours: it is tried again from"
        f" {time_text(until)} on",
        numbers={"failures": str(failures), "waits_until": until.isoformat()},
    )
    metadata = {"error": type(error).__name__, "failures": failures}
    if failures == 1:
        record = Record("quest_event.defer", "quest_event", str(event_id), metadata=metadata)
        audit.record_many([record], now=now)
    logger.error("event %s waits until %s after %s failed grants", event_id, until.isoformat(), failures)


@verb("quest_event.try_again", "quest_event")
def try_grant_again(*, event_id: int, reason: str, now: datetime | None = None) -> QuestEvent:
    """Try the grant of a deferred event again at once. Raises EventNotDeferred or ReasonMissing."""
    now = now or database_now()
    reason = require_reason(reason)
    event = QuestEvent.objects.deferred().filter(pk=event_id).locked().first()
    if event is None:
        raise EventNotDeferred(f"the grant of event {event_id} has not failed", event=event_id)
    QuestEvent.unguarded.filter(pk=event_id).update(waits_until=min(now, event.waits_until or now))
    audit.record("quest_event.try_again", event, metadata={"reason": reason}, now=now)
    nudge_granting()
    return event


def lock_events(event_ids: Sequence[int], *, status: QuestEventStatus) -> list[QuestEvent]:
    """Lock the counts of these events, then those events that have this status; return them with their
    quests."""
    found = QuestEvent.objects.filter(pk__in=event_ids).values_list("quest_id", "worker_id", "event_date")
    keys = list(found)
    if not keys:
        return []
    sql.run(
        "reputation/quests/lock_counts",
        quests=[quest_id for quest_id, _, _ in keys],
        workers=[worker_id for _, worker_id, _ in keys],
        dates=[dated for _, _, dated in keys],
    )
    events = QuestEvent.objects.locked().filter(pk__in=event_ids, status=status)
    return list(events.select_related("quest"))


def nudge_granting() -> None:
    """Have the waiting events granted soon after the commit."""
    nudge_job("grant_quest_events")
