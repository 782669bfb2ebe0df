"""Quests: their terms, their budgets, and when they are open."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.approvals import services as approvals
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount
from gigstream.core.people.names import normal_name
from gigstream.core.states import require_move
from platforms.models import Platform
from platforms.services import lock_active_platform, require_active
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Quest, QuestEvent, QuestOutflow
from reputation.quests.calculations import read_on_chain_terms, time_text
from reputation.quests.enums import QUEST_MOVES, QuestKind, QuestStatus, RewardKind
from reputation.quests.errors import InvalidQuest, QuestNotFound, QuestNotOpen, SlugTaken
from reputation.quests.models.quests import SLUG_FORM
from reputation.quests.services import budgets
from reputation.quests.services.granting import nudge_granting
from reputation.quests.services.outflows import OF_THE_QUEST, hour_of, require_within_bounds
from reputation.signals import quests_closed, quests_opened
from workers.profiles.places import COUNTRIES
from workers.social.networks import all_networks


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestTerms:
    """Terms of a quest: the act, who may do it, and its reward."""

    slug: str
    title: str
    kind: str
    reward_kind: str
    reward_amount: Decimal | str | int
    period: str
    instructions: str = ""
    network: str = ""
    is_claimable: bool = False
    limit_per_worker: int | None = 1
    limit_total: int | None = None
    cooldown_seconds: int = 0
    min_tier: str = ""
    min_account_age_days: int = 0
    countries: list[str] = field(default_factory=list)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


# Terms that may change while a quest is on offer; events keep the reward that held when they were received.
CHANGEABLE = frozenset(
    {
        "title",
        "instructions",
        "is_claimable",
        "reward_amount",
        "limit_per_worker",
        "limit_total",
        "cooldown_seconds",
        "min_tier",
        "min_account_age_days",
        "countries",
        "starts_at",
        "ends_at",
        "metadata",
    }
)


@verb("quest.create", "platform")
def create_quest(*, platform_id: UUID | None, terms: QuestTerms, now: datetime | None = None) -> Quest:
    """Make a draft of a quest by the platform, or by the house. It is funded and opened next.

    Raises InvalidQuest, InvalidName, InvalidAmount, SlugTaken, PlatformDeleted or PlatformSuspended.
    """
    now = now or database_now()
    quest = Quest(platform_id=platform_id, created_at=now, **asdict(terms))
    if platform_id is not None:
        platform = Platform.objects.get(pk=platform_id)
        require_active(platform=platform)
        quest.fee_bps = platform.fee_bps if terms.reward_kind == RewardKind.PAYOUT else 0
    quest.budget = Decimal(0) if terms.reward_kind == RewardKind.PAYOUT else None
    _require_sound(quest)
    try:
        with transaction.atomic():
            quest.save(force_insert=True)
    except IntegrityError as error:
        if "quest_slug_once_per_owner" not in str(error):
            raise
        raise SlugTaken(f"there is already a quest {quest.slug}", slug=quest.slug) from error
    audit.record("quest.create", quest, after={"slug": quest.slug, "platform": platform_id}, now=now)
    return quest


@verb("quest.change", "quest")
def change_quest(*, quest_id: UUID, changes: Mapping[str, Any], now: datetime | None = None) -> Quest:
    """Change terms of a quest that is not closed; events keep the reward that held when they were received.

    Raises QuestNotFound, InvalidQuest, InvalidName, InvalidAmount, QuestNotOpen or RewardAboveLimit.
    """
    now = now or database_now()
    fixed = sorted(changes.keys() - CHANGEABLE)
    if fixed:
        raise InvalidQuest(f"{', '.join(fixed)} of a quest cannot be changed", fixed=", ".join(fixed))
    quest = lock_quest(quest_id=quest_id)
    _require_not_closed(quest)
    before = {name: getattr(quest, name) for name in changes}
    for name, value in changes.items():
        setattr(quest, name, value)
    _require_sound(quest)
    if quest.status != QuestStatus.DRAFT and "reward_amount" in changes:
        require_within_bounds(quest)
    quest.save(update_fields=[*changes, "updated_at"])
    budgets.follow_budget(quest, now=now)
    audit.record(
        "quest.change",
        quest,
        before=before,
        after={name: getattr(quest, name) for name in changes},
        now=now,
    )
    return quest


@verb("quest.fund", "quest")
def fund_quest(*, quest_id: UUID, amount: Decimal | str, now: datetime | None = None) -> Quest:
    """Add to the quest's budget, which it then never exceeds. A platform's USDC is held in its escrow with
    the fee on it; the house gives no more than its weekly pool.

    Raises QuestNotFound, QuestNotOpen, InvalidAmount, InvalidQuest, InsufficientFunds, PoolExhausted,
    PlatformDeleted or PlatformSuspended.
    """
    now = now or database_now()
    added = exact_amount(amount)
    quest = lock_quest(quest_id=quest_id)
    _require_not_closed(quest)
    if quest.reward_kind == RewardKind.POINTS and added != int(added):
        raise InvalidQuest(f"points are whole numbers, not {added}", amount=added)
    _require_budget_above(quest, added)
    if quest.platform is not None:
        require_active(platform=quest.platform)
    fee = budgets.add_to_budget(quest, added, now=now)
    budgets.follow_budget(quest, now=now)
    if quest.platform_id is not None:
        # It may have been suspended while this waited for a lock.
        lock_active_platform(platform_id=quest.platform_id)
    audit.record("quest.fund", quest, after={"amount": added, "fee": fee, "budget": quest.budget}, now=now)
    return quest


@verb("quest.open", "quest")
def open_quest(*, quest_id: UUID, now: datetime | None = None) -> Quest:
    """Open a draft, or go on with a paused quest. Raises QuestNotFound, IllegalMove, QuestNotOpen for a quest
    whose end has passed, QuestExhausted, or RewardAboveLimit."""
    now = now or database_now()
    quest = lock_quest(quest_id=quest_id)
    if quest.status == QuestStatus.OPEN:
        return quest
    require_quest_move(quest, QuestStatus.OPEN)
    if quest.platform is not None:
        require_active(platform=quest.platform)
    if quest.ends_at is not None and quest.ends_at <= now:
        raise QuestNotOpen(
            f"the quest ended at {time_text(quest.ends_at)}", ends_at=quest.ends_at.isoformat()
        )
    budgets.require_room(quest, quest.reward_amount)
    require_within_bounds(quest)
    before, quest.status = quest.status, QuestStatus.OPEN
    quest.opened_at = quest.opened_at or now
    quest.save(update_fields=["status", "opened_at", "updated_at"])
    audit.record("quest.open", quest, before={"status": before}, after={"status": quest.status}, now=now)
    quests_opened.send(sender=Quest, quests=[quest], now=now)
    return quest


@verb("quest.pause", "quest")
def pause_quest(*, quest_id: UUID, now: datetime | None = None) -> Quest:
    """Take no new events and no new reservations until the quest is opened again. What is reserved or
    received stays. Raises QuestNotFound or IllegalMove."""
    quest = lock_quest(quest_id=quest_id)
    if quest.status == QuestStatus.PAUSED:
        return quest
    require_quest_move(quest, QuestStatus.PAUSED)
    before, quest.status = quest.status, QuestStatus.PAUSED
    quest.save(update_fields=["status", "updated_at"])
    audit.record("quest.pause", quest, before={"status": before}, after={"status": quest.status}, now=now)
    return quest


@verb("quest.close", "quest")
def close_quest(*, quest_id: UUID, now: datetime | None = None) -> Quest:
    """Close the quest for good. The part of the budget that no reward has, no event waits for and nothing
    reserves goes back; what is reserved stays until its events are decided.

    Raises QuestNotFound or IllegalMove.
    """
    now = now or database_now()
    quest = lock_quest(quest_id=quest_id)
    if quest.status == QuestStatus.CLOSED:
        return quest
    require_quest_move(quest, QuestStatus.CLOSED)
    before, quest.status = quest.status, QuestStatus.CLOSED
    quest.closed_at = now
    quest.save(update_fields=["status", "closed_at", "updated_at"])
    returned = budgets.give_back_free(quest, now=now)
    audit.record(
        "quest.close",
        quest,
        before={"status": before},
        after={"status": quest.status, "returned": returned},
        now=now,
    )
    quests_closed.send(sender=Quest, quests=[quest], now=now)
    return quest


@verb("quest.set_outflow_limit", "quest")
def set_outflow_limit(
    *, quest_id: UUID, limit: Decimal | None, reason: str, now: datetime | None = None
) -> Quest:
    """Limit the rewards of the quest in an hour, in USDC or points; None is the limit of the house, or no
    bound for points. What the quest has granted counts; events that wait for its next hour are decided anew.

    Raises QuestNotFound, InvalidAmount, InvalidQuest or RewardAboveLimit.
    """
    now = now or database_now()
    # Events come before their quest.
    waiting = QuestEvent.objects.waiting().filter(quest=quest_id, code=OF_THE_QUEST, waits_until__gt=now)
    event_ids = list(waiting.locked().values_list("pk", flat=True))
    quest = lock_quest(quest_id=quest_id)
    wanted = _exact_limit(quest, limit)
    before, quest.outflow_limit = quest.outflow_limit, wanted
    require_within_bounds(quest)
    quest.save(update_fields=["outflow_limit", "updated_at"])
    QuestOutflow.unguarded.filter(quest=quest, hour=hour_of(now)).update(is_reached=False)
    QuestEvent.unguarded.filter(pk__in=event_ids).update(waits_until=now)
    audit.record(
        "quest.set_outflow_limit",
        quest,
        before={"outflow_limit": before},
        after={"outflow_limit": wanted},
        metadata={"reason": reason},
        now=now,
    )
    nudge_granting()
    return quest


def request_outflow_limit(
    *, quest_id: UUID, limit: str, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval of a quest's limit; empty is that of the house. Raises InvalidAmount,
    InvalidQuest, or as `approvals.request` does."""
    quest = Quest.objects.get(pk=quest_id)
    wanted = _exact_limit(quest, limit.strip() or None)
    return approvals.request(
        kind="quest.set_outflow_limit",
        subject=("quest", str(quest.pk)),
        parameters={
            "limit": None if wanted is None else f"{wanted:.6f}",
            "before": None if quest.outflow_limit is None else f"{quest.outflow_limit:.6f}",
        },
        reason=reason,
        now=now,
    )


def _exact_limit(quest: Quest, limit: Decimal | str | None) -> Decimal | None:
    wanted = None if limit is None else exact_amount(limit)
    if wanted is not None and quest.reward_kind == RewardKind.POINTS and wanted != int(wanted):
        raise InvalidQuest(f"points are whole numbers, not {wanted}", limit=wanted)
    return wanted


def lock_quest(*, quest_id: UUID) -> Quest:
    """Lock the quest and return it with its platform. Raises QuestNotFound."""
    quest = Quest.objects.locked().select_related("platform").filter(pk=quest_id).first()
    if quest is None:
        raise QuestNotFound(NOTHING_HERE)
    return quest


def require_quest_move(quest: Quest, after: QuestStatus) -> None:
    """Raise IllegalMove unless the quest may get this status."""
    require_move(QUEST_MOVES, subject=f"quest {quest.slug}", before=quest.status, after=after)


def _require_not_closed(quest: Quest) -> None:
    if quest.status == QuestStatus.CLOSED:
        raise QuestNotOpen(f"the quest was closed at {time_text(quest.closed_at)}", status=quest.status)


def _require_budget_above(quest: Quest, added: Decimal) -> None:
    """Raise InvalidQuest where a quest without a bound would get one below what it has given already."""
    used, budget = quest.granted + quest.reserved, (quest.budget or Decimal(0)) + added
    if budget < used:
        raise InvalidQuest(
            f"the quest has granted and reserved {used}: its budget cannot be {budget}",
            granted=quest.granted,
            reserved=quest.reserved,
            budget=budget,
        )


def _require_sound(quest: Quest) -> None:
    """Normalise the terms. Raise InvalidQuest, InvalidName or InvalidAmount where they contradict each
    other."""
    quest.title = normal_name(quest.title)
    quest.reward_amount = exact_amount(quest.reward_amount)
    quest.countries = sorted({country.upper() for country in quest.countries})
    if not re.fullmatch(SLUG_FORM, quest.slug):
        raise InvalidQuest(
            f"a slug is small letters, digits and single hyphens between them, not {quest.slug}",
            slug=quest.slug,
        )
    unknown = [country for country in quest.countries if country not in COUNTRIES]
    if unknown:
        raise InvalidQuest(f"no countries of ISO 3166: {', '.join(unknown)}", countries=unknown)
    if quest.reward_kind == RewardKind.POINTS and quest.reward_amount != int(quest.reward_amount):
        raise InvalidQuest(f"points are whole numbers, not {quest.reward_amount}", amount=quest.reward_amount)
    if quest.kind == QuestKind.CHECK_IN and quest.is_claimable:
        raise InvalidQuest(
            "a check-in is claimed in the calendar: the quest is not claimable", kind=quest.kind
        )
    if quest.kind == QuestKind.REFERRAL and quest.is_claimable:
        raise InvalidQuest(
            "a referral counts by itself, once the referred worker was paid: the quest is not claimable",
            kind=quest.kind,
        )
    if quest.kind == QuestKind.SOCIAL_CHECK and quest.is_claimable:
        _require_network(quest)
    if quest.kind == QuestKind.ON_CHAIN and (quest.is_claimable or "proof" in quest.metadata):
        read_on_chain_terms(quest.metadata.get("proof"))
    if quest.kind == QuestKind.SUBMISSION and quest.is_claimable:
        raise InvalidQuest(
            "a submission is approved by a reviewer: the quest is not claimable", kind=quest.kind
        )
    for name in ("limit_per_worker", "limit_total"):
        value = getattr(quest, name)
        if value is not None and value < 1:
            raise InvalidQuest(f"{name} is 1 or more, or none, not {value}", **{name: value})
    if quest.limit_total is not None and quest.limit_total < quest.places_taken:
        raise InvalidQuest(
            f"{quest.places_taken} places are taken: limit_total cannot be {quest.limit_total}",
            places_taken=quest.places_taken,
            limit_total=quest.limit_total,
        )
    if quest.starts_at and quest.ends_at and quest.ends_at <= quest.starts_at:
        raise InvalidQuest(
            f"the quest would end at {time_text(quest.ends_at)}, not after it begins at"
            f" {time_text(quest.starts_at)}",
            starts_at=quest.starts_at.isoformat(),
            ends_at=quest.ends_at.isoformat(),
        )


def _require_network(quest: Quest) -> None:
    """Raise InvalidQuest for a claimable quest of a network of which nobody can link an account. Where no
    network is set up yet, any name is taken."""
    networks = all_networks()
    if not quest.network or (networks and quest.network not in networks):
        known = ", ".join(sorted(networks)) or "none yet"
        raise InvalidQuest(
            "workers claim a quest of the kind social_check by an account that they have linked:"
            f" network is one of {known}, not {quest.network or 'empty'}",
            field="network",
        )
