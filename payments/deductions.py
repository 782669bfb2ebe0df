"""What is taken from an earning before the worker has it: rules that the apps above register."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from payments.models import Transaction
from payments.postings import Posting


@dataclass(frozen=True, slots=True)
class Earning:
    """What a worker is paid for one fact. `key` names the fact, `account` the worker's available account."""

    key: str
    worker_id: UUID
    account: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a rule takes out of the earning with this key, and the transaction row that says so."""

    earning_key: str
    posting: Posting
    movement: Transaction


class Share(Protocol):
    """What a rule may take from some workers; its own rows are locked."""

    @property
    def accounts(self) -> Collection[int]:
        """The accounts that its postings may move."""

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """Say what it takes, of the earnings in the order given."""

    def conclude(self) -> None:
        """All of it is booked: its own rows follow, and what follows from them. Workers may be locked now."""


class Rule(Protocol):
    """Locks its own rows for these workers; accounts are locked after them."""

    def __call__(self, worker_ids: Collection[UUID], now: datetime) -> Share: ...


_rules: list[Rule] = []


def register(rule: Rule) -> None:
    """Add a rule behind those registered before it."""
    _rules.append(rule)


@dataclass(frozen=True, slots=True)
class Locked:
    """What the rules may take from some workers, whose accounts may be locked now."""

    shares: Sequence[Share]

    @property
    def accounts(self) -> set[int]:
        return {account for share in self.shares for account in share.accounts}

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """What all rules take out of the earnings. A worker keeps at least half of each."""
        taken: defaultdict[str, Decimal] = defaultdict(Decimal)
        everything = []
        for share in self.shares:
            for withheld in share.withhold(earnings):
                taken[withheld.earning_key] += withheld.posting.amount
                everything.append(withheld)
        for earning in earnings:
            if taken[earning.key] * 2 > earning.amount:
                raise ValueError(f"rules take {taken[earning.key]} of the earning {earning.amount}")
        return everything

    def conclude(self) -> None:
        """What was withheld is booked."""
        for share in self.shares:
            share.conclude()


def lock(worker_ids: Collection[UUID], now: datetime) -> Locked:
    """What may be taken from these workers, locked before their accounts are."""
    return Locked([rule(worker_ids, now) for rule in _rules] if worker_ids else [])
