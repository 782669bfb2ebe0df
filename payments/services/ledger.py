"""The one place that moves money between accounts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from psycopg.types.json import Jsonb

from audit.database_identity import require_own_database
from gigstream.lib import sql
from gigstream.lib.errors import ReplayMismatch
from gigstream.lib.money import LARGEST, require_micro, usdc
from payments.enums import AccountName
from payments.errors import AmountTooLarge, InsufficientFunds
from payments.limits import PAYOUT_MINIMUM
from payments.models import Account
from payments.postings import Posting
from payments.releases import LowBalance
from payments.signals import balances_fell_low

_SQL = Path(__file__).resolve().parent.parent / "sql"


@dataclass(frozen=True, slots=True)
class Moved:
    """An account after a batch of postings, and by how much they have changed it."""

    account_id: int
    name: str
    worker_id: str | None
    platform_id: str | None
    balance: Decimal
    change: Decimal

    @classmethod
    def read(
        cls, account_id: int, name: str, worker_id: str, platform_id: str, balance: str, change: str
    ) -> "Moved":
        """From the columns that `book.sql` answers."""
        return cls(account_id, name, worker_id, platform_id, Decimal(balance), Decimal(change))


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting that was booked, and its accounts as its batch has left them (None: they are as before)."""

    posting: Posting
    debit: Moved | None
    credit: Moved | None


_watched: ContextVar[list[Posted] | None] = ContextVar("watched_postings", default=None)


def post(
    postings: Sequence[Posting],
    *,
    now: datetime,
    already_booked: Mapping[int, Decimal] | None = None,
    locked: Collection[int] = (),
) -> dict[str, int]:
    """Every posting has its entry and both balances have moved, all or nothing, each key once.

    Locks the accounts in ascending id order, unless the caller has `locked` them all. A key booked before
    with the same inputs is left alone, with others raises ReplayMismatch; an account that would go below zero
    raises InsufficientFunds, one that would hold or owe too much AmountTooLarge; settings of another kind of
    database raise DatabaseMismatch. `already_booked` moves balances whose entries a batch has inserted
    itself. Returns entry ids by key.
    """
    changes = _changes(postings, already_booked or {})
    if not changes:
        return {}
    require_own_database()
    if not changes.keys() <= set(locked):
        lock(changes)
    answer = _book(postings, changes, now)
    known = _require_same(postings, answer["known"] or [])
    if known:
        postings = [posting for posting in postings if posting.key not in known]
        answer = _book(postings, _changes(postings, already_booked or {}), now)
    if answer["short"]:
        raise _insufficient(*answer["short"])
    if answer["over"]:
        raise _too_large(*answer["over"])
    moved = [Moved.read(*columns) for columns in answer["moved"] or []]
    _show(postings, moved)
    _announce_low(moved, now)
    return known | (answer["booked"] or {})


@contextmanager
def watching() -> Iterator[list[Posted]]:
    """What is posted inside."""
    seen: list[Posted] = []
    token = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(token)


def _show(postings: Sequence[Posting], moved: Sequence[Moved]) -> None:
    seen = _watched.get()
    if seen is None:
        return
    sides = {one.account_id: one for one in moved}
    seen.extend(Posted(one, sides.get(one.debit), sides.get(one.credit)) for one in postings)


def _announce_low(moved: Sequence[Moved], now: datetime) -> None:
    """Tell of platforms whose available money has fallen below the threshold by this posting."""
    threshold = Decimal(settings.BALANCE_LOW_THRESHOLD)
    low = [
        LowBalance(UUID(one.platform_id), one.balance, threshold)
        for one in moved
        if one.platform_id is not None
        and one.name == AccountName.AVAILABLE
        and one.balance - one.change >= threshold > one.balance
    ]
    if low:
        balances_fell_low.send(sender=Account, balances=low, now=now)


def _changes(postings: Sequence[Posting], booked: Mapping[int, Decimal]) -> dict[int, Decimal]:
    changes: defaultdict[int, Decimal] = defaultdict(Decimal, booked)
    for posting in postings:
        changes[posting.debit] -= posting.amount
        changes[posting.credit] += posting.amount
    return dict(changes)


def lock(account_ids: Iterable[int]) -> dict[int, Account]:
    """The accounts, locked in ascending id order. Raises Account.DoesNotExist when one is missing."""
    asked = set(account_ids)
    found = {account.pk: account for account in Account.objects.locked().filter(pk__in=asked)}
    missing = asked - found.keys()
    if missing:
        raise Account.DoesNotExist(f"no account {sorted(missing)}")
    return found


def _book(postings: Sequence[Posting], changes: Mapping[int, Decimal], now: datetime) -> dict[str, Any]:
    """The answer of `book.sql`: the ids of the entries booked by key, or why none was."""
    at_once = sorted({posting.credit for posting in postings if posting.paid_at_once})
    (answer,) = sql.rows(
        sql.load(_SQL / "book.sql"),
        {
            "paid_at_once": at_once,
            "payout_minimum": PAYOUT_MINIMUM.value if at_once else None,
            "postings": Jsonb([_as_json(posting) for posting in postings]),
            # An array of keys is looked up in the index; of a join the planner would think that it is large.
            "keys": [posting.key for posting in postings if posting.key],
            "account_ids": list(changes),
            "changes": list(changes.values()),
            "largest": LARGEST,
            "now": now,
        },
    )
    return answer


def _as_json(posting: Posting) -> dict[str, Any]:
    return {
        "kind": posting.kind,
        "debit": posting.debit,
        "credit": posting.credit,
        "amount": str(require_micro(posting.amount)),
        "key": posting.key,
        "stream_id": _text(posting.stream_id),
        "sequence": posting.sequence,
        "task_id": _text(posting.task_id),
        "transaction_id": _text(posting.transaction_id),
        "loan_id": _text(posting.loan_id),
        "work_event_id": _text(posting.work_event_id),
    }


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _require_same(postings: Sequence[Posting], known: Iterable[Sequence[Any]]) -> dict[str, int]:
    """The ids of known entries by key. Raises ReplayMismatch where one was booked with other inputs."""
    by_key = {posting.key: posting for posting in postings}
    ids = {}
    for key, id_, kind, debit, credit, amount in known:
        asked, booked = by_key[key], Decimal(amount)
        if (kind, debit, credit, booked) != (asked.kind, asked.debit, asked.credit, asked.amount):
            raise ReplayMismatch(
                f"{key} was booked as {kind} of {usdc(booked)}, not {asked.kind} of {usdc(asked.amount)}",
                key=key,
                booked=booked,
                requested=asked.amount,
            )
        ids[key] = id_
    return ids


def _insufficient(account: str, balance: str, change: str) -> InsufficientFunds:
    return insufficient(account, Decimal(balance), -Decimal(change))


def _too_large(account: str, balance: str, change: str) -> AmountTooLarge:
    return AmountTooLarge(
        f"{account} is {usdc(Decimal(balance))} and cannot change by {usdc(Decimal(change))}:"
        f" the books write down {usdc(LARGEST)} at most",
        account=account,
        largest=LARGEST,
    )


def insufficient(account: str, balance: Decimal, requested: Decimal) -> InsufficientFunds:
    """The refusal to take `requested` out of an account with this balance, in USDC."""
    return InsufficientFunds(
        f"{account} {usdc(balance)}, requested {usdc(requested)}",
        account=account,
        balance=balance,
        requested=requested,
    )
