from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount
from payments.earnings.payables import Payable
from payments.earnings.services.earnings import Payroll
from payments.earnings.vocabulary import REWARD
from payments.models import LedgerEntry
from workers.models import Worker
from workers.services import lock_active_worker, require_active


@verb("reward.grant", "worker")
def grant_reward(
    *, worker_id: UUID, amount: Decimal | str, reason: str, key: str, now: datetime | None = None
) -> LedgerEntry:
    """Pay the worker a reward of the house, once per `key`. Nothing is withheld from it: it is a gift."""
    now = now or database_now()
    require_active(worker=Worker.objects.get(pk=worker_id))
    reward = Payable(
        worker_id=worker_id,
        platform_id=None,
        amount=exact_amount(amount),
        key=key,
        subject=None,
        kind=REWARD,
        paid_at_once=False,
        is_deductible=False,
    )
    payroll = Payroll(now)
    payroll.add(reward)
    payroll.lock((), reward.places)
    worker = lock_active_worker(worker_id=worker_id)
    reward_key = f"{reward.kind}:{key}"
    known = LedgerEntry.objects.filter(idempotency_key=reward_key).first()
    ids = payroll.book(is_repeated=known is not None)
    if known is None:
        after = {"amount": reward.amount}
        audit.record("reward.grant", worker, after=after, metadata={"reason": reason}, now=now)
    return LedgerEntry.objects.get(pk=ids[reward_key])
