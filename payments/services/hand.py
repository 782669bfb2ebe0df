"""Money moved by staff: rewards, and adjustments that two of them sign."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit import services as audit
from audit.errors import SamePerson
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.money import amount as exact
from payments.enums import AccountName, EntryKind, TransactionType
from payments.models import Adjustment, LedgerEntry
from payments.postings import Posting
from payments.services import accounts, holds, ledger, parts, transactions
from payments.services.parts import Debit
from workers.models import Worker
from workers.services import require_active


@verb("reward.grant", "worker")
def grant_reward(
    *, worker_id: UUID, amount: Decimal | str, reason: str, key: str, now: datetime | None = None
) -> LedgerEntry:
    """The house pays the worker a reward, once per `key`. It is a gift: nothing is withheld from it."""
    now = now or database_now()
    value = exact(amount)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker)
    available = accounts.of_worker(worker_id, AccountName.AVAILABLE)
    ledger.lock([available])
    reward_key = f"reward:{key}"
    known = LedgerEntry.objects.filter(idempotency_key=reward_key).first()
    movement = transactions.internal(
        now, type=TransactionType.REWARD, amount=value, worker=worker, idempotency_key=reward_key
    )
    posting = Posting(
        EntryKind.REWARD,
        accounts.of_house(AccountName.REWARDS),
        available,
        value,
        key=reward_key,
        transaction_id=movement.pk,
    )
    ids = ledger.post([posting], now=now)
    if known is None:
        transactions.insert([movement], now)
        audit.record("reward.grant", worker, after={"amount": value}, metadata={"reason": reason}, now=now)
    return LedgerEntry.objects.get(pk=ids[reward_key])


@verb("ledger.adjust", "account")
def adjust(
    *,
    debit_account: int,
    credit_account: int,
    amount: Decimal | str,
    reason: str,
    requested_by: str,
    approved_by: str,
    key: str,
    now: datetime | None = None,
) -> LedgerEntry:
    """Correct between two accounts, once per `key`, signed by two members of staff. What it takes from a
    worker or a platform, no hold keeps.

    Raises SamePerson, MoneyHeld or InsufficientFunds.
    """
    now = now or database_now()
    if requested_by == approved_by:
        raise SamePerson("an adjustment needs a second person", requested_by=requested_by)
    posting = Posting(
        EntryKind.ADJUSTMENT, debit_account, credit_account, exact(amount), key=f"adjustment:{key}"
    )
    sides = ledger.lock([debit_account, credit_account])
    known = LedgerEntry.objects.filter(idempotency_key=posting.key).exists()
    if not known:
        holds.require_unheld(sides[debit_account], posting.amount)
    entry = LedgerEntry.objects.get(pk=ledger.post([posting], now=now)[f"adjustment:{key}"])
    if not known and sides[debit_account].payout_schedule is not None:
        parts.cover([Debit(debit_account, entry.pk, entry.amount)])
    _, created = Adjustment.objects.get_or_create(
        entry=entry,
        defaults={"requested_by": requested_by, "approved_by": approved_by, "reason": reason},
    )
    if created:
        audit.record(
            "ledger.adjust",
            entry,
            after={"debit": debit_account, "credit": credit_account, "amount": entry.amount},
            metadata={"requested_by": requested_by, "approved_by": approved_by, "reason": reason},
            now=now,
        )
    return entry
