"""Payouts: what workers have earned leaves for their wallets. Here the hold; `settlement` transfers it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

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
from payments.limits import PAYOUT_MAX_AGE_SECONDS, PAYOUT_MINIMUM
from payments.models import Account, Transaction
from payments.postings import Posting
from payments.services import accounts, attempts, ledger, switches, transactions
from payments.services.attempts import NOTHING
from payments.signals import transactions_cancelled
from workers.enums import WorkerStatus
from workers.models import WalletChange, Worker
from workers.services import lock_active_worker, require_settled_wallet


def create_due_payouts(*, now: datetime | None = None) -> int:
    """Every payable worker whose available balance has reached the payout minimum, or whose oldest cent has
    waited for the maximum age, has a pending payout of all of it; returns how many were made.

    None is made while it is not known, after a restore, which ones the provider has already.
    """
    now = now or database_now()
    if switches.is_restoring():
        return 0
    made = 0
    while True:
        count = _create_batch(now)
        made += count
        if count < settings.PAYOUT_BATCH_SIZE:
            return made


@atomic_with_retry
def _create_batch(now: datetime) -> int:
    if not try_lock("create_due_payouts"):
        return 0
    payouts = hold(
        [(account, account.balance) for account in _due_accounts(now)], TransactionType.PAYOUT, now
    )
    return len(payouts)


def _due_accounts(now: datetime) -> Sequence[Account]:
    minimum = PAYOUT_MINIMUM.value
    oldest = now - timedelta(seconds=int(PAYOUT_MAX_AGE_SECONDS.value))
    return list(
        Account.objects.filter(
            Q(balance__gte=minimum) | Q(positive_since__lte=oldest),
            name=AccountName.AVAILABLE,
            positive_since__isnull=False,
            worker__status=WorkerStatus.ACTIVE,
            worker__deleted_at=None,
            worker__wallet_address__isnull=False,
        )
        .exclude(worker__in=WalletChange.objects.open().values("worker"))
        .select_related("worker")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)[: settings.PAYOUT_BATCH_SIZE]
    )


def hold(
    parts: Sequence[tuple[Account, Decimal]],
    type_: TransactionType,
    now: datetime,
    *,
    loan_id: UUID | None = None,
) -> list[Transaction]:
    """Pending transfers of these amounts to the workers' wallets; the money is in transit.

    The caller has locked the available accounts. The n-th payout of an account is keyed by that number, so
    that the same one can never be made twice, not even after a restore.
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
    ledger.post(postings, now=now)
    transactions.insert(payouts, now)
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
    """A payout of `amount`, or of everything available, whatever the minimum.

    Raises InsufficientFunds, NoWallet, WalletChanging or the worker's standing.
    """
    account = available_account(worker_id)
    now = now or database_now()
    worker = lock_active_worker(worker_id=worker_id)
    require_wallet(worker)
    value = account.balance if amount is None else exact(amount)
    if value == 0 or value > account.balance:
        raise InsufficientFunds(
            f"available {usdc(account.balance)}, requested {usdc(value)}",
            available=account.balance,
            requested=value,
        )
    (payout,) = hold([(account, value)], TransactionType.PAYOUT, now)
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
def cancel_payout(*, transaction_id: UUID, reason: str = "", now: datetime | None = None) -> Transaction:
    """A payout that the provider has not taken is off; the money is available again, once.

    Raises IllegalMove, or PayoutUnderWay when it was handed over and the provider may have taken it.
    """
    payout = Transaction.objects.locked().get(pk=transaction_id)
    now = now or database_now()
    require_move(
        TRANSACTION_MOVES,
        subject=f"transaction {payout.pk}",
        before=payout.status,
        after=TransactionStatus.CANCELLED,
    )
    known = attempts.before([payout.pk]).get(payout.pk, NOTHING)
    parked = payout.next_attempt_at is None
    known_not_taken = not known.unknown or attempts.is_surely_missing(known)
    if payout.retry_count and not (parked and known_not_taken):
        raise PayoutUnderWay(
            f"transaction {payout.pk} was handed to the provider {payout.retry_count} times",
            calls=payout.retry_count,
        )
    payout.status = TransactionStatus.CANCELLED
    payout.ended_at = now
    payout.next_attempt_at = None
    payout.parked_at, payout.parked_reason = None, ""
    payout.error_message = reason or payout.error_message
    payout.save()
    audit.record(
        "payout.cancel", payout, after={"status": payout.status}, metadata={"reason": reason}, now=now
    )
    transactions_cancelled.send(sender=Transaction, transactions=[payout], now=now)
    ledger.post(void_postings([payout]), now=now)
    return payout


def void_postings(payouts: Sequence[Transaction]) -> list[Posting]:
    """The holds of the payouts given back, once each."""
    return _closing_postings(payouts, EntryKind.PAYOUT_VOID)


def settle_postings(payouts: Sequence[Transaction]) -> list[Posting]:
    """The holds of the payouts gone to the chain, once each."""
    return _closing_postings(payouts, EntryKind.PAYOUT_SETTLED)


def _closing_postings(payouts: Sequence[Transaction], kind: EntryKind) -> list[Posting]:
    if not payouts:
        return []
    worker_ids = {payout.worker_id for payout in payouts if payout.worker_id}
    in_transit = accounts.of_workers(worker_ids, AccountName.IN_TRANSIT)
    if kind == EntryKind.PAYOUT_VOID:
        back = accounts.of_workers(worker_ids, AccountName.AVAILABLE)
    else:
        back = dict.fromkeys(worker_ids, accounts.of_house(AccountName.WORLD))
    return [
        Posting(
            kind,
            in_transit[payout.worker_id],
            back[payout.worker_id],
            payout.amount,
            # One key for both endings: a payout is settled or voided, never both.
            key=f"payout_end:{payout.idempotency_key}",
            transaction_id=payout.pk,
            loan_id=payout.loan_id,
        )
        for payout in payouts
        if payout.worker_id
    ]
