"""What is taken from an earning before the worker has it: rules that the apps above register."""

from collections import defaultdict
from collections.abc import Sequence
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


class Rule(Protocol):
    """Locks and changes its own rows and says what it takes; accounts are locked and booked after it."""

    def __call__(self, earnings: Sequence[Earning], now: datetime) -> list[Withheld]: ...


_rules: list[Rule] = []


def register(rule: Rule) -> None:
    """Add a rule behind those registered before it."""
    _rules.append(rule)


def withhold(earnings: Sequence[Earning], now: datetime) -> list[Withheld]:
    """What all rules take out of the earnings. A worker keeps at least half of each."""
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    everything = []
    for rule in _rules:
        for withheld in rule(earnings, now):
            taken[withheld.earning_key] += withheld.posting.amount
            everything.append(withheld)
    for earning in earnings:
        if taken[earning.key] * 2 > earning.amount:
            raise ValueError(f"rules take {taken[earning.key]} of the earning {earning.amount}")
    return everything
