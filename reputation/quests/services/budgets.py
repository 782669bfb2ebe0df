"""Budgets of quests: held, counted, and given back. Each function is called with the quest's row locked."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from gigstream.core.money import ZERO, usdc
from payments.earnings.calculations import fee_between
from payments.earnings.payables import Charge
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.earnings.vocabulary import REFUND
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import Subject
from platforms.events.payloads import money
from reputation.models import Quest, QuestEvent, QuestFunding
from reputation.quests.enums import QuestStatus, RewardKind
from reputation.quests.errors import PoolExhausted, QuestExhausted
from reputation.quests.limits import QUEST_POOL_OF_A_WEEK
from reputation.quests.vocabulary import QUEST
from reputation.signals import quests_exhausted, quests_opened


def add_to_budget(quest: Quest, amount: Decimal, *, now: datetime) -> Decimal:
    """Add to the budget, and hold a platform's USDC with the fee on it; return that fee. All fundings
    together carry the fee on their sum. Raises InsufficientFunds or PoolExhausted."""
    budget = quest.budget or ZERO
    fee = fee_between(quest.fee_bps, budget, budget + amount)
    funding = QuestFunding(quest=quest, amount=amount, fee=fee, created_at=now)
    if quest.reward_kind == RewardKind.PAYOUT:
        if quest.platform_id is None:
            _require_pool(amount, now)
        else:
            subject = Subject(QUEST, quest.pk)
            key = f"hold:quest_funding:{funding.pk}"
            hold_in_escrow(quest.platform_id, amount + fee, subject=subject, key=key, now=now)
    funding.save(force_insert=True)
    quest.budget = budget + amount
    quest.save(update_fields=["budget", "updated_at"])
    return fee


def give_back_free(quest: Quest, *, now: datetime) -> Decimal:
    """Give back the part of a closed quest's budget that no reward has, nothing reserves and no event waits
    for, with the fee on it; return it without the fee."""
    if quest.free is None or quest.status != QuestStatus.CLOSED:
        return ZERO
    waiting = QuestEvent.objects.waiting().filter(quest=quest, reservation=None)
    needed = waiting.aggregate(total=Sum("amount"))["total"] or ZERO
    amount = max(quest.free - needed, ZERO)
    if not amount:
        return ZERO
    budget = (quest.budget or ZERO) - amount
    fee = fee_between(quest.fee_bps, budget, budget + amount)
    funding = QuestFunding(quest=quest, amount=-amount, fee=-fee, created_at=now)
    if quest.reward_kind == RewardKind.PAYOUT and quest.platform_id is not None:
        payroll = Payroll(now)
        payroll.add(
            Charge(
                kind=REFUND,
                platform_id=quest.platform_id,
                amount=amount + fee,
                key=f"quest_funding:{funding.pk}",
                subject=Subject(QUEST, quest.pk),
            )
        )
        payroll.book()
    funding.save(force_insert=True)
    quest.budget = budget
    quest.save(update_fields=["budget", "updated_at"])
    return amount


def require_room(quest: Quest, amount: Decimal) -> None:
    """Raise QuestExhausted unless the quest has a free place, and `amount` free in its budget."""
    if quest.limit_total is not None and quest.places_taken >= quest.limit_total:
        raise QuestExhausted(
            f"all {quest.limit_total} places of the quest are taken",
            limit_total=quest.limit_total,
            places_taken=quest.places_taken,
        )
    if quest.free is not None and quest.free < amount:
        numbers = {"needed": amount, "free": quest.free, "budget": quest.budget or ZERO}
        numbers |= {"granted": quest.granted, "reserved": quest.reserved}
        shown = {name: money(value) for name, value in numbers.items()}
        raise QuestExhausted(
            f"the budget of the quest has {quest.amount_text(quest.free)} free,"
            f" a reward takes {quest.amount_text(amount)}",
            **shown,
        )


def has_room(quest: Quest) -> bool:
    """Whether the quest has the place and the budget for another reward."""
    try:
        require_room(quest, quest.reward_amount)
    except QuestExhausted:
        return False
    return True


def follow_budget(quest: Quest, *, now: datetime) -> None:
    """Let an open quest without room be exhausted, and one that has room again be open."""
    after = next_status(quest)
    if after == quest.status:
        return
    quest.status = after
    quest.save(update_fields=["status", "updated_at"])
    announce_status(quest, now=now)


def next_status(quest: Quest) -> str:
    """Return the status that follows from the room that an open or exhausted quest has."""
    if quest.status in (QuestStatus.OPEN, QuestStatus.EXHAUSTED):
        return QuestStatus.OPEN if has_room(quest) else QuestStatus.EXHAUSTED
    return quest.status


def announce_status(quest: Quest, *, now: datetime) -> None:
    """Announce that the quest has become exhausted, or open again."""
    signal = quests_opened if quest.status == QuestStatus.OPEN else quests_exhausted
    signal.send(sender=Quest, quests=[quest], now=now)


def _require_pool(amount: Decimal, now: datetime) -> None:
    """Raise PoolExhausted unless the house may give `amount` more to its quests this week. The account of the
    house's rewards is locked, so that two fundings do not both take the rest."""
    ledger.lock([accounts.of_house(AccountName.REWARDS)])
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    given = QuestFunding.objects.filter(
        quest__platform=None, quest__reward_kind=RewardKind.PAYOUT, created_at__gte=monday
    )
    used = given.aggregate(total=Sum("amount"))["total"] or ZERO
    pool = QUEST_POOL_OF_A_WEEK.value
    if used + amount > pool:
        raise PoolExhausted(
            f"the house has given {usdc(used)} of {usdc(pool)} to quests since {monday.date()},"
            f" requested {usdc(amount)}",
            given=used,
            pool=pool,
            requested=amount,
        )
