"""Money moved by staff: rewards, and adjustments that two of them sign."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit import services as audit
from audit.errors import SamePerson
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.money import amount as exact
from payments.enums import ADJUSTABLE, AccountName, EntryKind, TransactionType
from payments.errors import NotAdjustable
from payments.models import Account, Adjustment, LedgerEntry
from payments.postings import Posting
from payments.services import accounts, holds, ledger, parts, transactions
from payments.services.parts import Debit
from platforms.models import Platform
from platforms.services import require_present as require_present_platform
from workers.models import Worker
from workers.services import lock_active_worker, require_active
from workers.services import require_present as require_present_worker


@verb("reward.grant", "worker")
def grant_reward(
    *, worker_id: UUID, amount: Decimal | str, reason: str, key: str, now: datetime | None = None
) -> LedgerEntry:
    """The house pays the worker a reward, once per `key`. It is a gift: nothing is withheld from it."""
    now = now or database_now()
    value = exact(amount)
    require_active(Worker.objects.get(pk=worker_id))
    available = accounts.of_worker(worker_id, AccountName.AVAILABLE)
    ledger.lock([available])
    worker = lock_active_worker(worker_id=worker_id)
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


def require_adjustable(found: Collection[Account]) -> None:
    """Raise NotAdjustable unless these are accounts between which staff may move money: what is reserved, on
    its way, owed or outside follows from other rows, and only those change it."""
    for account in found:
        if account.name not in ADJUSTABLE:
            allowed = ", ".join(sorted(ADJUSTABLE))
            raise NotAdjustable(
                f"account {account.pk} is {account.name}: adjusted are only {allowed}", account=account.name
            )


def _require_owner_present(account: Account) -> None:
    """Raise WorkerDeleted or PlatformDeleted: money in the account of who has left could never be paid."""
    if account.worker_id is not None:
        require_present_worker(Worker.objects.locked().get(pk=account.worker_id))
    elif account.platform_id is not None:
        require_present_platform(Platform.objects.locked().get(pk=account.platform_id))


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
    """Correct between two accounts, once per `key`, signed by two members of staff: of what is available to
    workers and platforms, and of the house's fees, rewards and losses. What a hold keeps is left alone.

    Raises SamePerson, NotAdjustable, MoneyHeld, InsufficientFunds, or that who would get the money has left.
    """
    now = now or database_now()
    if requested_by == approved_by:
        raise SamePerson("an adjustment needs a second person", requested_by=requested_by)
    locked = ledger.lock((debit_account, credit_account))
    require_adjustable(locked.values())
    _require_owner_present(locked[credit_account])
    posting = Posting(
        EntryKind.ADJUSTMENT, debit_account, credit_account, exact(amount), key=f"adjustment:{key}"
    )
    source = locked[debit_account]
    is_new = not LedgerEntry.objects.filter(idempotency_key=posting.key).exists()
    if is_new:
        holds.require_unheld(source, posting.amount)
    entry = LedgerEntry.objects.get(pk=ledger.post([posting], now=now)[f"adjustment:{key}"])
    if is_new and source.payout_schedule is not None:
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
