"""Sums of the rewards that platforms have paid: kept with every batch that has rewards, and rebuilt from the
transactions."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db import connection

from gigstream.core import sql
from gigstream.core.unit import in_unit
from payments.earnings.payables import Payable
from payments.earnings.vocabulary import REWARD
from payments.ledger.enums import AccountName
from payments.ledger.services import ledger
from payments.ledger.subjects import QUEST, TASK
from payments.models import Account

_PARTS = {TASK: "bonus", QUEST: "quest"}


def add_rewards(payables: Iterable[Payable]) -> None:
    """Add the rewards among these, which are booked, to the sums of their platforms. The caller has locked
    the escrow of each, so that nobody else writes the row; the house has no row."""
    sums: defaultdict[UUID, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for payable in payables:
        if payable.kind == REWARD and payable.amount and payable.platform_id and payable.subject:
            part = _PARTS[payable.subject.kind]
            sums[payable.platform_id][f"{part}_amount"] += payable.amount
            sums[payable.platform_id][f"{part}_fee"] += payable.fee
    if sums:
        sql.run(
            "payments/earnings/add_rewards",
            platforms=list(sums),
            bonus_amounts=[added["bonus_amount"] for added in sums.values()],
            bonus_fees=[added["bonus_fee"] for added in sums.values()],
            quest_amounts=[added["quest_amount"] for added in sums.values()],
            quest_fees=[added["quest_fee"] for added in sums.values()],
        )


# Platforms whose sums are not those of their transactions. The first column is the platform's id.
WRONG_REWARDS = f"""
    SELECT coalesce(r.platform_id, f.platform_id) AS offender, f.*
    FROM platform_rewards r
    FULL JOIN ({sql.text("payments/earnings/reward_figures")}) AS f ON f.platform_id = r.platform_id
    WHERE (r.bonus_amount, r.bonus_fee, r.quest_amount, r.quest_fee)
          IS DISTINCT FROM (f.bonus_amount, f.bonus_fee, f.quest_amount, f.quest_fee)
"""  # noqa: S608 - fragments of ours

_REBUILD_REWARDS = (
    f"""
        DELETE FROM platform_rewards USING ({WRONG_REWARDS}) AS wrong
        WHERE platform_rewards.platform_id = wrong.offender AND wrong.platform_id IS NULL
    """,  # noqa: S608 - fragments of this file
    f"""
        INSERT INTO platform_rewards (platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee)
        SELECT platform_id, bonus_amount, bonus_fee, quest_amount, quest_fee
        FROM ({WRONG_REWARDS}) AS wrong WHERE platform_id IS NOT NULL
        ON CONFLICT (platform_id) DO UPDATE
        SET bonus_amount = excluded.bonus_amount, bonus_fee = excluded.bonus_fee,
            quest_amount = excluded.quest_amount, quest_fee = excluded.quest_fee
    """,  # noqa: S608 - fragments of this file
)


@in_unit
def recompute_platform_rewards() -> int:
    """Rebuild the sums that differ from their transactions; return how many. Locks the escrow of all
    platforms, which a batch with rewards holds until its commit."""
    ledger.lock(Account.objects.filter(name=AccountName.ESCROW).values_list("pk", flat=True))
    changed = 0
    with connection.cursor() as cursor:
        for statement in _REBUILD_REWARDS:
            cursor.execute(statement)
            changed += cursor.rowcount
    return changed
