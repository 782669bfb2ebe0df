"""Adjustments: entries that two members of staff sign."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from audit.approvals.errors import SamePerson
from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount
from payments.ledger.enums import ADJUSTABLE
from payments.ledger.errors import NotAdjustable
from payments.ledger.postings import Posting
from payments.ledger.services import ledger
from payments.ledger.vocabulary import ADJUSTMENT
from payments.models import Account, Adjustment, LedgerEntry
from payments.settlement.payouts.services import holds, parts
from payments.settlement.payouts.services.parts import Debit
from platforms.models import Platform
from platforms.services import require_present as require_present_platform
from workers.models import Worker
from workers.services import require_present as require_present_worker


def require_adjustable(found: Collection[Account]) -> None:
    """Raise NotAdjustable unless these are accounts between which staff may move money: sums that are
    reserved, under way, owed or outside follow from other rows, and only those change them."""
    for account in found:
        if account.name not in ADJUSTABLE:
            allowed = ", ".join(sorted(ADJUSTABLE))
            raise NotAdjustable(
                f"account {account.pk} is {account.name}: adjusted are only {allowed}", account=account.name
            )


def _require_owner_present(account: Account) -> None:
    """Raise WorkerDeleted or PlatformDeleted: money in the account of an owner who has left is never paid."""
    if account.worker_id is not None:
        require_present_worker(worker=Worker.objects.locked().get(pk=account.worker_id))
    elif account.platform_id is not None:
        require_present_platform(platform=Platform.objects.locked().get(pk=account.platform_id))


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
    """Correct two accounts, once per `key`, signed by two members of staff: available money of workers and
    platforms, and the house's fees, rewards and losses. Held money is left alone.

    Raises SamePerson, NotAdjustable, MoneyHeld, InsufficientFunds, or WorkerDeleted and PlatformDeleted where
    the owner of the credited account has left.
    """
    now = now or database_now()
    if requested_by == approved_by:
        raise SamePerson("an adjustment needs a second person", requested_by=requested_by)
    locked = ledger.lock((debit_account, credit_account))
    require_adjustable(locked.values())
    _require_owner_present(locked[credit_account])
    posting = Posting(
        ADJUSTMENT, debit_account, credit_account, exact_amount(amount), key=f"adjustment:{key}"
    )
    source = locked[debit_account]
    is_new = not LedgerEntry.objects.filter(idempotency_key=posting.key).exists()
    if is_new:
        holds.require_unheld(source, posting.amount)
    entry = LedgerEntry.objects.get(pk=ledger.post([posting], now=now)[f"adjustment:{key}"])
    if is_new and source.payout_schedule is not None:
        parts.cover_debits([Debit(debit_account, entry.pk, entry.amount)])
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
