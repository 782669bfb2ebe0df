"""The one place that moves money between accounts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from gigstream.lib.errors import ReplayMismatch
from gigstream.lib.money import usdc
from payments.errors import InsufficientFunds
from payments.models import Account, LedgerEntry
from payments.postings import Posting

_watched: ContextVar[list[dict[str, Any]] | None] = ContextVar("watched_postings", default=None)


def post(
    postings: Sequence[Posting],
    *,
    now: datetime,
    already_booked: Mapping[int, Decimal] | None = None,
) -> dict[str, int]:
    """Every posting has its entry and both balances have moved, all or nothing, each key once.

    Locks the accounts in ascending id order. A key booked before with the same inputs is left alone, with
    others raises ReplayMismatch; an account that would go below zero raises InsufficientFunds.
    `already_booked` moves balances whose entries a batch has inserted itself. Returns entry ids by key.
    """
    changes = _changes(postings, already_booked or {})
    balances = lock(changes)
    known = _known(postings)
    if known:
        postings = [posting for posting in postings if posting.key not in known]
        changes = _changes(postings, already_booked or {})
    for account_id in sorted(changes):
        _require_cover(balances[account_id], changes[account_id])
    ids = _insert(postings, now)
    _apply(changes, now)
    _tell(postings, balances, changes)
    return known | ids


@contextmanager
def watching() -> Iterator[list[dict[str, Any]]]:
    """What is posted inside, with the balances that each posting's accounts have after its batch."""
    seen: list[dict[str, Any]] = []
    token = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(token)


def _tell(postings: Sequence[Posting], before: Mapping[int, Account], changes: Mapping[int, Decimal]) -> None:
    seen = _watched.get()
    if seen is None:
        return

    def side(account_id: int) -> dict[str, Any]:
        account = before[account_id]
        return {
            "account": account.name,
            "worker_id": account.worker_id,
            "platform_id": account.platform_id,
            "balance_after": account.balance + changes[account_id],
        }

    seen.extend(
        {
            "kind": posting.kind,
            "amount": posting.amount,
            "debit": side(posting.debit),
            "credit": side(posting.credit),
        }
        for posting in postings
    )


def _changes(postings: Sequence[Posting], booked: Mapping[int, Decimal]) -> dict[int, Decimal]:
    changes: defaultdict[int, Decimal] = defaultdict(Decimal, booked)
    for posting in postings:
        changes[posting.debit] -= posting.amount
        changes[posting.credit] += posting.amount
    return dict(changes)


def lock(account_ids: Iterable[int]) -> dict[int, Account]:
    """The accounts, locked in ascending id order."""
    return {account.pk: account for account in Account.objects.locked().filter(pk__in=list(account_ids))}


def _require_cover(account: Account, change: Decimal) -> None:
    if change < 0 and not account.may_go_below_zero and account.balance + change < 0:
        raise InsufficientFunds(
            f"{account.name} {usdc(account.balance)}, requested {usdc(-change)}",
            account=account.name,
            balance=account.balance,
            requested=-change,
        )


def _known(postings: Sequence[Posting]) -> dict[str, int]:
    by_key = {posting.key: posting for posting in postings if posting.key}
    known = {}
    for entry in LedgerEntry.objects.filter(idempotency_key__in=by_key):
        key = entry.idempotency_key or ""
        asked = by_key[key]
        booked = (entry.kind, entry.debit_account_id, entry.credit_account_id, entry.amount)
        if booked != (asked.kind, asked.debit, asked.credit, asked.amount):
            raise ReplayMismatch(
                f"{key} was booked as {entry.kind} of {usdc(entry.amount)},"
                f" not {asked.kind} of {usdc(asked.amount)}",
                key=key,
                booked=entry.amount,
                requested=asked.amount,
            )
        known[key] = entry.pk
    return known


def _insert(postings: Sequence[Posting], now: datetime) -> dict[str, int]:
    entries = LedgerEntry.unguarded.bulk_create(
        LedgerEntry(
            kind=posting.kind,
            debit_account_id=posting.debit,
            credit_account_id=posting.credit,
            amount=posting.amount,
            idempotency_key=posting.key,
            stream_id=posting.stream_id,
            sequence=posting.sequence,
            task_id=posting.task_id,
            transaction_id=posting.transaction_id,
            loan_id=posting.loan_id,
            work_event_id=posting.work_event_id,
            created_at=now,
        )
        for posting in postings
    )
    return {entry.idempotency_key: entry.pk for entry in entries if entry.idempotency_key}


_APPLY = """
    UPDATE accounts
    SET balance = balance + change.amount,
        positive_since = CASE WHEN balance + change.amount > 0 THEN coalesce(positive_since, %(now)s) END,
        negative_since = CASE WHEN balance + change.amount < 0 THEN coalesce(negative_since, %(now)s) END
    FROM unnest(%(ids)s::bigint[], %(amounts)s::numeric[]) AS change(id, amount)
    WHERE accounts.id = change.id
"""


def _apply(changes: Mapping[int, Decimal], now: datetime) -> None:
    """The accounts are locked already, so the order of the update does not matter."""
    moved = {account_id: change for account_id, change in changes.items() if change}
    if not moved:
        return
    parameters: dict[str, Any] = {"now": now, "ids": list(moved), "amounts": list(moved.values())}
    with connection.cursor() as cursor:
        cursor.execute(_APPLY, parameters)
