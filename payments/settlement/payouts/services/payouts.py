"""Payouts of workers' earnings to their wallets. Made here, with their holds; `transfers` settles them."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount, usdc
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import subject_of_loan
from payments.models import Account, Transaction
from payments.settlement.payouts.errors import NoWallet, PayoutUnderWay
from payments.settlement.payouts.services import holds, schedules
from payments.settlement.payouts.services.parts import Debit, cover_debits, give_back
from payments.settlement.payouts.services.schedules import Limits
from payments.settlement.payouts.vocabulary import (
    PAYOUT_HOLD,
    PAYOUT_SETTLED,
    PAYOUT_VOID,
    WITHDRAWAL_SETTLED,
    WITHDRAWAL_VOID,
)
from payments.settlement.switches import services as switches
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import TRANSACTION_MOVES, TransactionStatus, TransactionType
from payments.settlement.transfers.services.attempts import NOTHING, calls_before, is_surely_missing
from payments.signals import transactions_cancelled
from workers.models import Worker
from workers.services import lock_active_worker, require_settled_wallet

logger = logging.getLogger(__name__)

# Time for which the money of a cancelled payout is held by default.
HELD_AFTER_CANCELLING = timedelta(days=7)


def create_due_payouts(*, now: datetime | None = None) -> int:
    """Make a pending payout of the money that is not held for every payable worker whose schedule says so;
    return how many. Holds whose time is over are ended first.

    None is made after a restore, until the payouts that the provider already has are on the books.
    """
    now = now or database_now()
    holds.end_due_holds(now=now)
    if switches.is_restoring():
        return 0
    limits, made = schedules.Limits.read(), 0
    while True:
        try:
            picked, count = _create_batch(now, limits)
        except ValueError:
            logger.exception("a batch of payouts failed: they are made one by one")
            return made + _create_one_by_one(now, limits)
        made += count
        if picked < settings.PAYOUT_BATCH_SIZE:
            return made


def _create_one_by_one(now: datetime, limits: Limits) -> int:
    """Make the due payouts separately: an account whose parts and balance do not agree stops no other."""
    made = 0
    for account_id in _due_ids(now, limits):
        try:
            made += _create_batch(now, limits, ids=[account_id])[1]
        except ValueError:
            logger.exception("account %s cannot be paid out", account_id)
    return made


@in_unit
def _due_ids(now: datetime, limits: Limits) -> list[int]:
    return list(schedules.due_accounts(now, limits))


@in_unit
def _create_batch(now: datetime, limits: Limits, *, ids: Sequence[int] | None = None) -> tuple[int, int]:
    """Return how many accounts (of these) were due, and how many payouts were made of them."""
    if not try_lock("create_due_payouts"):
        return 0, 0
    picked = schedules.due_accounts(now, limits, ids=ids)
    # Once more under their locks: a hold may have been made before.
    due = schedules.due_accounts(now, limits, ids=list(picked)) if picked else {}
    found = Account.objects.filter(pk__in=due).select_related("worker").order_by("pk")
    payouts = make_transfers([(account, due[account.pk]) for account in found], TransactionType.PAYOUT, now)
    return len(picked), len(payouts)


def make_transfers(
    parts: Sequence[tuple[Account, Decimal]],
    type_: TransactionType,
    now: datetime,
    *,
    loan_id: UUID | None = None,
    own_part: int | None = None,
    cashed_out: bool = False,
) -> list[Transaction]:
    """Make pending transfers of these amounts to the workers' wallets; the money is in transit. An advance
    takes the part (`own_part`) that it was credited as, a payout the oldest parts that no hold keeps.

    The caller has locked the available accounts and left held money alone. The n-th payout of an account is
    keyed by that number, so that it can never be made twice, not even after a restore.
    """
    if not parts:
        return []
    in_transit = accounts.of_workers([_worker_of(account).pk for account, _ in parts], AccountName.IN_TRANSIT)
    payouts, postings = [], []
    for account, amount in parts:
        worker = _worker_of(account)
        payout = Transaction(
            type=type_,
            amount=amount,
            worker=worker,
            loan_id=loan_id,
            to_wallet=worker.wallet_address or "",
            idempotency_key=key_of(worker.pk, account.payout_count + 1),
            cashed_out=cashed_out,
            next_attempt_at=now,
            created_at=now,
        )
        payouts.append(payout)
        postings.append(
            Posting(
                PAYOUT_HOLD,
                account.pk,
                in_transit[worker.pk],
                amount,
                key=f"payout_hold:{payout.idempotency_key}",
                transaction_id=payout.pk,
                subject=subject_of_loan(loan_id),
            )
        )
    Account.unguarded.filter(pk__in=[account.pk for account, _ in parts]).update(
        payout_count=F("payout_count") + 1
    )
    entries = ledger.post(postings, now=now)
    transactions.insert(payouts, now)
    cover_debits(
        [Debit(posting.debit, entries[posting.key or ""], posting.amount, own_part) for posting in postings]
    )
    audit.record_each("payout.create", payouts, after=lambda payout: {"amount": payout.amount}, now=now)
    nudge_job("submit_payouts")
    return payouts


def key_of(worker_id: UUID, number: int) -> str:
    """Return the idempotency key of a worker's n-th payout."""
    return f"payout:{worker_id}:{number}"


def _worker_of(account: Account) -> Worker:
    if account.worker is None:
        raise ValueError(f"account {account.pk} belongs to no worker")
    return account.worker


@verb("payout.cash_out", "worker")
def cash_out(
    *, worker_id: UUID, amount: Decimal | str | None = None, now: datetime | None = None
) -> Transaction:
    """Make a payout of `amount`, or of everything that is not held. Less than the smallest payout leaves only
    as the whole, once a day.

    Raises InsufficientFunds, MoneyHeld, BelowSmallestPayout, TooManyCashOuts, NoWallet, WalletChanging or
    WorkerSuspended.
    """
    account = lock_available_account(worker_id)
    now = now or database_now()
    worker = lock_active_worker(worker_id=worker_id)
    require_wallet(worker)
    held = holds.held_of_worker(worker_id)
    unheld = held.unheld(account.balance)
    value = unheld if amount is None else exact_amount(amount)
    holds.require_unheld(account, value or account.balance, held)
    if value == 0 or value > account.balance:
        raise InsufficientFunds(
            f"available {usdc(account.balance)}, requested {usdc(value)}",
            available=account.balance,
            requested=value,
        )
    schedules.require_cash_out(worker_id, value, unheld, now)
    (payout,) = make_transfers([(account, value)], TransactionType.PAYOUT, now, cashed_out=True)
    return payout


def lock_available_account(worker_id: UUID) -> Account:
    """Lock the worker's available account, and return it with its worker."""
    account_id = accounts.of_worker(worker_id, AccountName.AVAILABLE)
    return Account.objects.locked().select_related("worker").get(pk=account_id)


def require_wallet(worker: Worker) -> None:
    """Raise NoWallet unless the worker has an address to be paid at, WalletChanging while it is to change."""
    if not worker.wallet_address:
        raise NoWallet(f"worker {worker.reference} has no wallet address")
    require_settled_wallet(worker=worker)


@verb("payout.cancel", "transaction")
def cancel_payout(
    *,
    transaction_id: UUID,
    reason: str = "",
    pay_again: bool = False,
    held_until: datetime | None = None,
    now: datetime | None = None,
) -> Transaction:
    """Cancel a payout that the provider has not taken: the money is available again, once. It is held, until
    `held_until` or for 7 days, unless it is to be paid again.

    Raises IllegalMove, InvalidExpiry, or PayoutUnderWay when it was submitted and the provider may have taken
    it.
    """
    payout = Transaction.objects.locked().get(pk=transaction_id)
    now = now or database_now()
    require_move(
        TRANSACTION_MOVES,
        subject=f"transaction {payout.reference}",
        before=payout.status,
        after=TransactionStatus.CANCELLED,
    )
    require_not_taken(payout)
    payout.status = TransactionStatus.CANCELLED
    payout.ended_at = now
    payout.next_attempt_at = None
    payout.parked_at, payout.parked_reason = None, ""
    payout.error_message = reason or payout.error_message
    payout.save()
    metadata = {"reason": reason, "pay_again": pay_again}
    audit.record("payout.cancel", payout, after={"status": payout.status}, metadata=metadata, now=now)
    transactions_cancelled.send(sender=Transaction, transactions=[payout], now=now)
    ledger.post(void_postings([payout]), now=now)
    give_back([payout])
    if not pay_again:
        reason = reason or "the payout was cancelled"
        holds.hold_payout(payout, reason, held_until or now + HELD_AFTER_CANCELLING, now)
    return payout


def require_not_taken(transfer: Transaction) -> None:
    """Raise PayoutUnderWay when the provider may have taken the pending transfer."""
    known = calls_before([transfer.pk]).get(transfer.pk, NOTHING)
    parked = transfer.next_attempt_at is None
    known_not_taken = not known.unknown or is_surely_missing(known)
    if transfer.retry_count and not (parked and known_not_taken):
        raise PayoutUnderWay(
            f"transaction {transfer.reference} was submitted to the provider {transfer.retry_count} times",
            calls=transfer.retry_count,
        )


def void_postings(transfers: Sequence[Transaction]) -> list[Posting]:
    """Return the postings that give the holds of these transfers back, once each."""
    places = _closing_accounts(transfers)
    return [_closing_posting(transfer, _void_kind(transfer), places) for transfer in transfers]


def settle_postings(transfers: Sequence[Transaction]) -> list[Posting]:
    """Return the postings that settle the holds of these transfers, once each."""
    places = _closing_accounts(transfers)
    return [_closing_posting(transfer, _settled_kind(transfer), places) for transfer in transfers]


def _void_kind(transfer: Transaction) -> str:
    is_withdrawal = transfer.type == TransactionType.WITHDRAWAL
    return WITHDRAWAL_VOID if is_withdrawal else PAYOUT_VOID


def _settled_kind(transfer: Transaction) -> str:
    is_withdrawal = transfer.type == TransactionType.WITHDRAWAL
    return WITHDRAWAL_SETTLED if is_withdrawal else PAYOUT_SETTLED


def _closing_accounts(transfers: Sequence[Transaction]) -> dict[Place, int]:
    """Return the ids of all accounts that may end these transfers, by place."""
    if not transfers:
        return {}
    names = (AccountName.IN_TRANSIT, AccountName.AVAILABLE)
    owned = {_place_of(transfer, name) for transfer in transfers for name in names}
    return accounts.find({Place(AccountName.OUTSIDE), *owned})


def _place_of(transfer: Transaction, name: AccountName) -> Place:
    if transfer.type == TransactionType.WITHDRAWAL:
        return Place(name, platform_id=transfer.platform_id)
    return Place(name, worker_id=transfer.worker_id)


def _closing_posting(transfer: Transaction, kind: str, places: dict[Place, int]) -> Posting:
    is_void = kind in (PAYOUT_VOID, WITHDRAWAL_VOID)
    back = _place_of(transfer, AccountName.AVAILABLE) if is_void else Place(AccountName.OUTSIDE)
    return Posting(
        kind,
        places[_place_of(transfer, AccountName.IN_TRANSIT)],
        places[back],
        transfer.amount,
        # The same key for both endings: a transfer is settled or voided, never both.
        key=f"payout_end:{transfer.idempotency_key}",
        transaction_id=transfer.pk,
        subject=subject_of_loan(transfer.loan_id),
    )
