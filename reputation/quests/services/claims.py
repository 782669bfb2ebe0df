"""Claims of workers, and reports of platforms about their workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Quest
from reputation.quests.calculations import personal_fact
from reputation.quests.enums import SHARED_FACTS, QuestEventStatus, QuestKind
from reputation.quests.errors import (
    InvalidFact,
    NotClaimable,
    NotReportable,
    QuestExhausted,
    QuestNotFound,
)
from reputation.quests.selectors import quests_for
from reputation.quests.services import intake
from reputation.quests.services.events import take_facts
from reputation.quests.services.facts import Fact, FactResult
from reputation.quests.services.intake import find_quest


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A platform's report of what a worker has done for its quest."""

    worker_id: UUID
    external_id: str = ""
    event_type: str = ""
    event_date: date | None = None
    occurred_at: datetime | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    device_id: str = ""


@verb("quest.claim", "quest")
def claim_reward(
    *,
    quest_id: UUID,
    worker_id: UUID,
    external_id: str = "",
    evidence: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> FactResult:
    """Record the worker's own fact and grant its reward; a reserved place is used. Return the event's state:
    received where the budget was not free within 200 ms, and granted within a second then.

    A quest of the kind social_check is claimed by the worker's linked account of its network: the account's
    id is the fact, so that it counts once, also when another worker links it later.

    Raises QuestNotFound (also where the worker has not agreed to work for the quest's platform),
    NotClaimable, SocialAccountNeeded, InvalidFact, AlreadyReported, QuestNotOpen, QuestExhausted,
    QuestLimitReached, QuestCooldown, NotEligible, ReservationExpired, WorkerSuspended or WorkerDeleted;
    nothing has changed then.
    """
    now = now or database_now()
    quest = quests_for(worker_id, now=now).select_related("platform").filter(pk=quest_id).first()
    if quest is None:
        raise QuestNotFound(NOTHING_HERE)
    if not quest.is_claimable:
        raise NotClaimable("events of this quest are reported by its owner", kind=quest.kind)
    if quest.kind == QuestKind.ON_CHAIN:
        raise NotClaimable("name the transaction, which is looked up on the chain", kind=quest.kind)
    fact = _claimed_fact(quest, worker_id, external_id, dict(evidence or {}), now)
    (result,) = take_facts(quest, [fact], now=now)
    if result.refusal is not None:
        raise result.refusal
    if result.replayed:
        return result
    if result.state == QuestEventStatus.REJECTED:
        # Nothing stays of a claim that is refused, also where others took the last place meanwhile.
        raise QuestExhausted(result.message, **result.numbers)
    audit.record("quest.claim", quest, after={"event": result.event_id, "status": result.state}, now=now)
    return result


def _claimed_fact(quest: Quest, worker_id: UUID, given: str, evidence: dict[str, Any], now: datetime) -> Fact:
    """Return the worker's own fact; one of a social network stands on their account there."""
    account = intake.account_for(quest, worker_id)
    if account is None:
        external_id = fact_id(quest, worker_id, given)
    else:
        is_repeatable = quest.limit_per_worker != 1
        external_id = personal_fact(account.network_user_id, given, is_repeatable=is_repeatable)
        evidence |= {"act": given} if given else {}
        evidence |= {"network": account.network, "username": account.username}
    return Fact(
        worker_id=worker_id,
        event_type=quest.kind,
        external_id=external_id,
        event_date=None,
        occurred_at=now,
        evidence=evidence,
    )


def fact_id(quest: Quest, worker_id: UUID, given: str) -> str:
    """Return the external id of a fact: as it was given where anybody may report the fact, else with the
    worker's id. Raises InvalidFact for a shared fact without an id."""
    if quest.kind not in SHARED_FACTS:
        return personal_fact(worker_id, given, is_repeatable=quest.limit_per_worker != 1)
    if not given:
        raise InvalidFact(f"a fact of the kind {quest.kind} names its id", field="external_id")
    return given


@verb("quest.report", "quest")
def report_events(
    *, quest_id: UUID, platform_id: UUID, reports: Sequence[Report], now: datetime | None = None
) -> list[FactResult]:
    """Record the platform's reports as events of its quest, as `record_events` does. A worker who has neither
    agreed to work for the platform nor a place in the quest is not found.

    Raises QuestNotFound, or NotReportable.
    """
    now = now or database_now()
    quest = find_quest(quest_id)
    if quest.platform_id != platform_id:
        raise QuestNotFound(NOTHING_HERE)
    if quest.kind == QuestKind.SUBMISSION:
        raise NotReportable("events of this quest follow from submissions that are approved", kind=quest.kind)
    results: dict[int, FactResult] = {}
    facts: dict[int, Fact] = {}
    for number, report in enumerate(reports):
        try:
            facts[number] = _fact_of(quest, report, now)
        except InvalidFact as refusal:
            results[number] = FactResult.of_refusal(refusal)
    taken = take_facts(quest, list(facts.values()), now=now) if facts else []
    results |= dict(zip(facts, taken, strict=True))
    refusals = [result.refusal for result in results.values() if result.refusal]
    audit.record_refusals("quest.report", "quest", quest_id, refusals)
    return [results[number] for number in range(len(reports))]


def _fact_of(quest: Quest, report: Report, now: datetime) -> Fact:
    return Fact(
        worker_id=report.worker_id,
        event_type=report.event_type or quest.kind,
        external_id=fact_id(quest, report.worker_id, report.external_id),
        event_date=report.event_date,
        occurred_at=report.occurred_at or now,
        evidence=report.evidence,
        device_id=report.device_id,
    )
