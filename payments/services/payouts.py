"""Payouts: what workers have earned leaves for their wallets. Here the hold; `settlement` transfers it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit import services as audit
from audit.jobs import ring
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, try_lock
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from gigstream.lib.states import require_move
from payments.enums import (
    TRANSACTION_MOVES,
    AccountName,
    EntryKind,
    TransactionStatus,
    TransactionType,
)
from payments.errors import InsufficientFunds, NoWallet, PayoutUnderWay
from payments.models import Account, Transaction
from payments.postings import Posting
from payments.services import accounts, attempts, holds, ledger, schedules, switches, transactions
from payments.services.accounts import Place
from payments.services.attempts import NOTHING
from payments.services.parts import Debit, cover, give_back
from payments.services.schedules import Limits
from payments.signals import transactions_cancelled
from workers.models import Worker
from workers.services import lock_active_worker, require_settled_wallet

logger = logging.getLogger(__name__)

# How long the money of a cancelled payout is held when nobody says otherwise.
HELD_AFTER_CANCELLING = timedelta(days=7)


def create_due_payouts(*, now: datetime | None = None) -> int:
    """Make a pending payout of what is not held for every payable worker whose schedule says so; return how
    many. Holds whose time is over are ended first.

    None is made while it is not known, after a restore, which ones the provider has already.
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
    """Make the due payouts each by itself: an account whose parts and balance do not agree stops no other."""
    made = 0
    for account_id in _due_ids(now, limits):
        try:
            made += _create_batch(now, limits, ids=[account_id])[1]
        except ValueError:
            logger.exception("account %s cannot be paid out", account_id)
    return made


@atomic_with_retry
def _due_ids(now: datetime, limits: Limits) -> list[int]:
    return list(schedules.due_accounts(now, limits))


@atomic_with_retry
def _create_batch(now: datetime, limits: Limits, *, ids: Sequence[int] | None = None) -> tuple[int, int]:
    """Return how many accounts (of these) were due, and how many payouts were made of them."""
    if not try_lock("create_due_payouts"):
        return 0, 0
    picked = schedules.due_accounts(now, limits, ids=ids)
    # Once more under their locks, which is when holds are made.
    due = schedules.due_accounts(now, limits, ids=list(picked)) if picked else {}
    found = Account.objects.filter(pk__in=due).select_related("worker").order_by("pk")
    payouts = hold([(account, due[account.pk]) for account in found], TransactionType.PAYOUT, now)
    return len(picked), len(payouts)


def hold(
    parts: Sequence[tuple[Account, Decimal]],
    type_: TransactionType,
    now: datetime,
    *,
    loan_id: UUID | None = None,
    own_part: int | None = None,
    cashed_out: bool = False,
) -> list[Transaction]:
    """Make pending transfers of these amounts to the workers' wallets; the money is in transit. An advance
    leaves as the part (`own_part`) that it was credited as, all else as the oldest that no hold keeps.

    The caller has locked the available accounts and left held money alone. The n-th payout of an account is
    keyed by that number, so that the same one can never be made twice, not even after a restore.
    """
    if not parts:
        return []
    in_transit = accounts.of_workers([_worker(account).pk for account, _ in parts], AccountName.IN_TRANSIT)
    payouts, postings = [], []
    for account, amount in parts:
        worker = _worker(account)
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
                EntryKind.PAYOUT_HOLD,
                account.pk,
                in_transit[worker.pk],
                amount,
                key=f"payout_hold:{payout.idempotency_key}",
                transaction_id=payout.pk,
                loan_id=loan_id,
            )
        )
    Account.unguarded.filter(pk__in=[account.pk for account, _ in parts]).update(
        payout_count=F("payout_count") + 1
    )
    entries = ledger.post(postings, now=now)
    transactions.insert(payouts, now)
    cover([Debit(one.debit, entries[one.key or ""], one.amount, own_part) for one in postings])
    audit.record_many(
        (
            Record("payout.create", "transaction", str(payout.pk), after={"amount": payout.amount})
            for payout in payouts
        ),
        now=now,
    )
    ring("submit_payouts")
    return payouts


def key_of(worker_id: UUID, number: int) -> str:
    """Our idempotency key of a worker's n-th payout."""
    return f"payout:{worker_id}:{number}"


def _worker(account: Account) -> Worker:
    if account.worker is None:
        raise ValueError(f"account {account.pk} belongs to no worker")
    return account.worker


@verb("payout.cash_out", "worker")
def cash_out(
    *, worker_id: UUID, amount: Decimal | str | None = None, now: datetime | None = None
) -> Transaction:
    """Make a payout of `amount`, or of everything that is not held. Less than the smallest payout leaves only
    as the whole, once a day.

    Raises InsufficientFunds, MoneyHeld, BelowSmallestPayout, TooManyCashOuts, NoWallet, WalletChanging or the
    worker's standing.
    """
    account = available_account(worker_id)
    now = now or database_now()
    worker = lock_active_worker(worker_id=worker_id)
    require_wallet(worker)
    held = holds.held_of_worker(worker_id)
    unheld = held.unheld(account.balance)
    value = unheld if amount is None else exact(amount)
    holds.require_unheld(account, value or account.balance, held)
    if value == 0 or value > account.balance:
        raise InsufficientFunds(
            f"available {usdc(account.balance)}, requested {usdc(value)}",
            available=account.balance,
            requested=value,
        )
    schedules.require_cash_out(worker_id, value, unheld, now)
    (payout,) = hold([(account, value)], TransactionType.PAYOUT, now, cashed_out=True)
    return payout


def available_account(worker_id: UUID) -> Account:
    """The worker's available account with its worker, locked."""
    account_id = accounts.of_worker(worker_id, AccountName.AVAILABLE)
    return Account.objects.locked().select_related("worker").get(pk=account_id)


def require_wallet(worker: Worker) -> None:
    """Raise NoWallet unless the worker has an address to be paid at, WalletChanging while it is to change."""
    if not worker.wallet_address:
        raise NoWallet(f"worker {worker.pk} has no wallet address")
    require_settled_wallet(worker)


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

    Raises IllegalMove, InvalidExpiry, or PayoutUnderWay when it was handed over and the provider may have
    taken it.
    """
    payout = Transaction.objects.locked().get(pk=transaction_id)
    now = now or database_now()
    require_move(
        TRANSACTION_MOVES,
        subject=f"transaction {payout.pk}",
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
    told = {"reason": reason, "pay_again": pay_again}
    audit.record("payout.cancel", payout, after={"status": payout.status}, metadata=told, now=now)
    transactions_cancelled.send(sender=Transaction, transactions=[payout], now=now)
    ledger.post(void_postings([payout]), now=now)
    give_back([payout])
    if not pay_again:
        why = reason or "the payout was cancelled"
        holds.hold_payout(payout, why, held_until or now + HELD_AFTER_CANCELLING, now)
    return payout


def require_not_taken(transfer: Transaction) -> None:
    """Raise PayoutUnderWay when the provider may have taken the pending transfer."""
    known = attempts.before([transfer.pk]).get(transfer.pk, NOTHING)
    parked = transfer.next_attempt_at is None
    known_not_taken = not known.unknown or attempts.is_surely_missing(known)
    if transfer.retry_count and not (parked and known_not_taken):
        raise PayoutUnderWay(
            f"transaction {transfer.pk} was handed to the provider {transfer.retry_count} times",
            calls=transfer.retry_count,
        )


def void_postings(transfers: Sequence[Transaction]) -> list[Posting]:
    """Return the postings that give the holds of these transfers back, once each."""
    places = _places(transfers)
    return [_closing(one, _void_kind(one), places) for one in transfers]


def settle_postings(transfers: Sequence[Transaction]) -> list[Posting]:
    """Return the postings by which the holds of these transfers go to the chain, once each."""
    places = _places(transfers)
    return [_closing(one, _settled_kind(one), places) for one in transfers]


def _void_kind(transfer: Transaction) -> EntryKind:
    is_withdrawal = transfer.type == TransactionType.WITHDRAWAL
    return EntryKind.WITHDRAWAL_VOID if is_withdrawal else EntryKind.PAYOUT_VOID


def _settled_kind(transfer: Transaction) -> EntryKind:
    is_withdrawal = transfer.type == TransactionType.WITHDRAWAL
    return EntryKind.WITHDRAWAL_SETTLED if is_withdrawal else EntryKind.PAYOUT_SETTLED


def _places(transfers: Sequence[Transaction]) -> dict[Place, int]:
    """Return the ids of all accounts that may end these transfers, by place."""
    if not transfers:
        return {}
    names = (AccountName.IN_TRANSIT, AccountName.AVAILABLE)
    return accounts.find({Place(AccountName.WORLD), *(_of(one, name) for one in transfers for name in names)})


def _of(transfer: Transaction, name: AccountName) -> Place:
    if transfer.type == TransactionType.WITHDRAWAL:
        return Place(name, platform_id=transfer.platform_id)
    return Place(name, worker_id=transfer.worker_id)


def _closing(transfer: Transaction, kind: EntryKind, places: dict[Place, int]) -> Posting:
    is_void = kind in (EntryKind.PAYOUT_VOID, EntryKind.WITHDRAWAL_VOID)
    back = _of(transfer, AccountName.AVAILABLE) if is_void else Place(AccountName.WORLD)
    return Posting(
        kind,
        places[_of(transfer, AccountName.IN_TRANSIT)],
        places[back],
        transfer.amount,
        # One key for both endings: a transfer is settled or voided, never both.
        key=f"payout_end:{transfer.idempotency_key}",
        transaction_id=transfer.pk,
        loan_id=transfer.loan_id,
    )
