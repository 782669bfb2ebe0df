"""Ledger: postings become entries, and the balances of their accounts follow, nowhere else."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from psycopg.types.json import Jsonb

from audit.database_identity.services import require_own_database
from gigstream.api.callers import PLATFORM, Caller
from gigstream.core import sql
from gigstream.core.errors import ReplayMismatch
from gigstream.core.money import LARGEST, require_micro, usdc
from gigstream.core.unit import Channel, collect, is_rehearsed, show_in_rehearsals
from payments.ledger.entry_kinds import require_registered
from payments.ledger.enums import AccountName
from payments.ledger.errors import AmountTooLarge, InsufficientFunds
from payments.ledger.low_balances import LowBalance
from payments.ledger.postings import Posting
from payments.models import Account
from payments.settlement.payouts.limits import PAYOUT_MINIMUM
from payments.signals import balances_fell_low


@dataclass(frozen=True, slots=True)
class Moved:
    """An account after a batch of postings, and the change that they made."""

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
        """Return the account that the columns of `book.sql` describe."""
        return cls(account_id, name, worker_id, platform_id, Decimal(balance), Decimal(change))


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting that was booked, and its accounts as its batch has left them (None: they are as before)."""

    posting: Posting
    debit: Moved | None
    credit: Moved | None


def post(
    postings: Sequence[Posting],
    *,
    now: datetime,
    already_booked: Mapping[int, Decimal] | None = None,
    locked: Collection[int] = (),
) -> dict[str, int]:
    """Book each posting as an entry and move both balances, all or nothing, each key once.

    Locks the accounts in ascending id order, unless the caller has `locked` them all. A key booked before
    with the same inputs is left alone, with others raises ReplayMismatch; an account that would go below zero
    raises InsufficientFunds, one that would hold or owe too much AmountTooLarge; a kind that no subject has
    registered raises UnregisteredEntryKind, settings of another kind of database DatabaseMismatch.
    `already_booked` moves balances whose entries a batch has inserted itself. Returns the ids of the entries
    by the postings' facts.
    """
    for posting in postings:
        require_registered(posting.kind)
    changes = _balance_changes(postings, already_booked or {})
    if not changes:
        return {}
    require_own_database()
    if not changes.keys() <= set(locked):
        lock(changes)
    answer = _book_entries(postings, changes, now)
    known = _require_same(postings, answer["known"] or [])
    if known:
        postings = [_with_known_source(posting, known) for posting in postings if posting.key not in known]
        answer = _book_entries(postings, _balance_changes(postings, already_booked or {}), now)
    if answer["short"]:
        raise _refuse_short(*answer["short"])
    if answer["over"]:
        raise refuse_large(*answer["over"])
    moved = [Moved.read(*columns) for columns in answer["moved"] or []]
    _collect_postings(postings, moved)
    _announce_low(moved, now)
    facts = [posting.fact for posting in postings]
    return known | dict(zip(facts, answer["booked"] or [], strict=True))


def _with_known_source(posting: Posting, known: Mapping[str, int]) -> Posting:
    """Return the posting with the id of its earning, where that is among the entries known by their facts."""
    source = known.get(str(posting.withheld_from))
    return replace(posting, withheld_from=source) if source else posting


def _collect_postings(postings: Sequence[Posting], moved: Sequence[Moved]) -> None:
    if is_rehearsed():
        sides = {account.account_id: account for account in moved}
        collect(
            _POSTINGS,
            [Posted(posting, sides.get(posting.debit), sides.get(posting.credit)) for posting in postings],
        )


def _posted_as_json(posted: Posted, caller: Caller) -> dict[str, Any]:
    return {
        "kind": posted.posting.kind,
        "amount": posted.posting.amount,
        "debit": _side_as_json(posted.debit, caller),
        "credit": _side_as_json(posted.credit, caller),
    }


def _side_as_json(account: Moved | None, caller: Caller) -> dict[str, Any] | None:
    """Return the account; its balance only where it is the caller's own."""
    if account is None:
        return None
    owner = account.platform_id if caller.kind == PLATFORM else account.worker_id
    own = {"balance_after": account.balance} if owner == caller.id else {}
    return {"account": account.name, **own}


_POSTINGS = show_in_rehearsals(Channel("postings", show=_posted_as_json))


def _announce_low(moved: Sequence[Moved], now: datetime) -> None:
    """Announce the platforms whose available money has fallen below the threshold by these postings."""
    threshold = Decimal(settings.BALANCE_LOW_THRESHOLD)
    low = [
        LowBalance(UUID(account.platform_id), account.balance, threshold)
        for account in moved
        if account.platform_id is not None
        and account.name == AccountName.AVAILABLE
        and account.balance - account.change >= threshold > account.balance
    ]
    if low:
        balances_fell_low.send(sender=Account, balances=low, now=now)


def _balance_changes(postings: Sequence[Posting], booked: Mapping[int, Decimal]) -> dict[int, Decimal]:
    changes: defaultdict[int, Decimal] = defaultdict(Decimal, booked)
    for posting in postings:
        changes[posting.debit] -= posting.amount
        changes[posting.credit] += posting.amount
    return dict(changes)


def lock(account_ids: Iterable[int]) -> dict[int, Account]:
    """Lock the accounts in ascending id order and return them. Raises Account.DoesNotExist for a missing
    id."""
    wanted = set(account_ids)
    found = {account.pk: account for account in Account.objects.locked().filter(pk__in=wanted)}
    missing = wanted - found.keys()
    if missing:
        raise Account.DoesNotExist(f"no account {sorted(missing)}")
    return found


def _book_entries(
    postings: Sequence[Posting], changes: Mapping[int, Decimal], now: datetime
) -> dict[str, Any]:
    """Return the row of `book.sql`: the ids of the entries in the order of the postings, or why none was
    booked."""
    at_once = sorted({posting.credit for posting in postings if posting.paid_at_once})
    numbers = {posting.fact: number for number, posting in enumerate(postings)}
    (answer,) = sql.run(
        "payments/ledger/book",
        paid_at_once=at_once,
        payout_minimum=PAYOUT_MINIMUM.value if at_once else None,
        postings=Jsonb([_as_json(posting, numbers) for posting in postings]),
        # An array of keys is looked up in the index; of a join the planner would think that it is large.
        keys=[posting.key for posting in postings if posting.key],
        account_ids=list(changes),
        changes=list(changes.values()),
        largest=LARGEST,
        now=now,
    )
    return answer


def _as_json(posting: Posting, numbers: Mapping[str, int]) -> dict[str, Any]:
    source = posting.withheld_from
    return {
        "number": numbers[posting.fact],
        "kind": posting.kind,
        "debit": posting.debit,
        "credit": posting.credit,
        "amount": str(require_micro(posting.amount)),
        "key": posting.key,
        "subject_kind": posting.subject.kind.number if posting.subject else None,
        "subject_id": str(posting.subject.id) if posting.subject else None,
        "sequence": posting.sequence,
        "transaction_id": str(posting.transaction_id) if posting.transaction_id else None,
        "source_id": source if isinstance(source, int) else None,
        "source_number": numbers[source] if isinstance(source, str) else None,
    }


def _require_same(postings: Sequence[Posting], known: Iterable[Sequence[Any]]) -> dict[str, int]:
    """Return the ids of known entries by key. Raises ReplayMismatch for a key booked with other inputs."""
    by_key = {posting.key: posting for posting in postings}
    ids = {}
    for key, id_, kind, debit, credit, amount in known:
        given, booked = by_key[key], Decimal(amount)
        if (kind, debit, credit, booked) != (given.kind, given.debit, given.credit, given.amount):
            raise ReplayMismatch(
                f"{key} was booked as {kind} of {usdc(booked)}, not {given.kind} of {usdc(given.amount)}",
                key=key,
                booked=booked,
                requested=given.amount,
            )
        ids[key] = id_
    return ids


def _refuse_short(account: str, balance: str, change: str) -> InsufficientFunds:
    return insufficient_funds(account, Decimal(balance), -Decimal(change))


def refuse_large(account: str, balance: str, change: str) -> AmountTooLarge:
    """Return the refusal to change the balance of an account, in USDC, by so much."""
    return AmountTooLarge(
        f"{account} is {usdc(Decimal(balance))} and cannot change by {usdc(Decimal(change))}:"
        f" the books write down {usdc(LARGEST)} at most",
        account=account,
        largest=LARGEST,
    )


def insufficient_funds(account: str, balance: Decimal, requested: Decimal) -> InsufficientFunds:
    """Return the refusal to take `requested` out of an account with this balance, in USDC."""
    return InsufficientFunds(
        f"{account} {usdc(balance)}, requested {usdc(requested)}",
        account=account,
        balance=balance,
        requested=requested,
    )
