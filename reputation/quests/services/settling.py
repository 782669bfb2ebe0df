"""Settlement of rewards: a payout's reward is settled when the whole of it has left the worker's available
money."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Min

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from payments.models import Transaction
from payments.settlement.transactions.enums import TransactionType
from reputation.models import QuestEvent

# Ids of events that a statement, and a run of the job, look at.
SETTLED_AT_ONCE, LOOKED_AT_IN_A_RUN = 1_000, 20_000


def settle_after(transactions: Sequence[Transaction], *, now: datetime) -> int:
    """Settle the rewards that these confirmed payouts have carried; return how many."""
    workers = {row.worker_id for row in transactions if row.type == TransactionType.PAYOUT and row.worker_id}
    return _settle(workers=sorted(workers), now=now) if workers else 0


def settle_quest_events(*, now: datetime | None = None) -> int:
    """Settle the rewards that have left without a payout of their own, as by an early repayment; return how
    many.

    A run looks at 20,000 ids in batches. Of more, which workers keep with the system for long, each minute
    has its part, so that all are looked at in turn.
    """
    at = now or database_now()
    ids = QuestEvent.objects.unsettled().aggregate(first=Min("pk"), last=Max("pk"))
    if ids["first"] is None:
        return 0
    parts = (ids["last"] - ids["first"]) // LOOKED_AT_IN_A_RUN + 1
    minute = int(at.timestamp()) // 60
    first = ids["first"] + minute % parts * LOOKED_AT_IN_A_RUN
    last = min(first + LOOKED_AT_IN_A_RUN - 1, ids["last"])
    return sum(
        _settle(first=start, last=min(start + SETTLED_AT_ONCE - 1, last), now=at)
        for start in range(first, last + 1, SETTLED_AT_ONCE)
    )


@in_unit
def _settle(
    *, now: datetime, workers: Sequence[UUID] | None = None, first: int | None = None, last: int | None = None
) -> int:
    return len(sql.run("reputation/quests/settle_events", workers=workers, first=first, last=last, now=now))
