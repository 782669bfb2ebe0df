"""Deductions: parts of an earning that rules, registered by the apps above, withhold from the worker."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from payments.ledger.postings import Posting
from payments.models import LedgerEntry, Transaction


@dataclass(frozen=True, slots=True)
class Earning:
    """Pay of a worker for a fact. `key` names the fact, `account` the worker's available account."""

    key: str
    worker_id: UUID
    account: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Withheld:
    """Part that a rule withholds from the earning with this key, and the transaction that it books."""

    earning_key: str
    posting: Posting
    movement: Transaction


@dataclass(frozen=True, slots=True)
class Explanation:
    """Reason why an entry has its amount: a sentence, a formula in words, and the inputs of the formula."""

    sentence: str
    formula: str
    inputs: dict[str, Any]


class Deduction(Protocol):
    """Part of a rule for some workers, whose rows it has locked."""

    @property
    def accounts(self) -> Collection[int]:
        """Accounts that its postings may move."""

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """Return the parts that it withholds, of the earnings in the order given."""

    def conclude(self) -> None:
        """Update its own rows: all of it is booked, and workers may be locked."""


class Rule(Protocol):
    """Rule of deduction; no other rule books entries of its kind."""

    @property
    def entry_kind(self) -> str:
        """Kind of the entries that it books."""

    def lock(self, worker_ids: Collection[UUID], now: datetime) -> Deduction:
        """Lock its own rows for these workers; accounts are locked after them."""

    def explain(self, entry: LedgerEntry) -> Explanation:
        """Explain the amount of an entry that it has booked, withheld from an earning or not."""


_rules: list[Rule] = []


def register(rule: Rule) -> None:
    """Add a rule behind those registered before it."""
    _rules.append(rule)


def entry_kinds() -> list[str]:
    """Return the kinds of entries that rules book."""
    return [rule.entry_kind for rule in _rules]


def explain_entry(entry: LedgerEntry) -> Explanation:
    """Return the explanation of an entry by the rule that has booked it."""
    (rule,) = [rule for rule in _rules if rule.entry_kind == entry.kind]
    return rule.explain(entry)


@dataclass(frozen=True, slots=True)
class Deductions:
    """Deductions of all rules for some workers, whose accounts may be locked now."""

    parts: Sequence[Deduction]

    @property
    def accounts(self) -> set[int]:
        """Accounts that their postings may move."""
        return {account for part in self.parts for account in part.accounts}

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """Return the parts that all rules withhold, each posting with the earning that it is withheld from.

        Raises ValueError unless a worker keeps at least half of each earning.
        """
        taken: defaultdict[str, Decimal] = defaultdict(Decimal)
        everything = []
        for part in self.parts:
            for withheld in part.withhold(earnings):
                taken[withheld.earning_key] += withheld.posting.amount
                posting = replace(withheld.posting, withheld_from=withheld.earning_key)
                everything.append(replace(withheld, posting=posting))
        for earning in earnings:
            if taken[earning.key] * 2 > earning.amount:
                raise ValueError(f"rules take {taken[earning.key]} of the earning {earning.amount}")
        return everything

    def conclude(self) -> None:
        """Let each rule update its own rows: all that was withheld is booked."""
        for part in self.parts:
            part.conclude()


def lock(worker_ids: Collection[UUID], now: datetime) -> Deductions:
    """Lock the rows of all rules for these workers, before their accounts are locked."""
    return Deductions([rule.lock(worker_ids, now) for rule in _rules] if worker_ids else [])
