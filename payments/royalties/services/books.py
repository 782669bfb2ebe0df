"""Books of pay by use: royalties of a platform's periods, read, changed and written for any number of
creators by a fixed number of statements. The caller has locked the platform's terms."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gigstream.core import sql
from gigstream.core.money import ZERO
from payments.earnings.calculations import fee_between
from payments.earnings.payables import Charge
from payments.earnings.vocabulary import REFUND
from payments.ledger.subjects import ROYALTY_PERIOD, Subject
from payments.models import PeriodFunding, RoyaltyPeriod
from payments.royalties.calculations.rates import Due, change_due
from payments.royalties.enums import PaySource, PeriodStatus

_DUE = tuple(Due.__slots__)


@dataclass(slots=True)
class PayLine:
    """The royalties of a creator in a period from one source."""

    period: RoyaltyPeriod
    creator: int
    source: PaySource
    due: Due = field(default_factory=Due)
    payments: int = 0
    pay_id: int | None = None
    worker_id: UUID | None = None

    @property
    def is_carried_on(self) -> bool:
        """Whether its carried pay waits with that of other final periods for the minimum."""
        return self.source == PaySource.PLAYS and self.period.status == PeriodStatus.FINAL

    def fee_between(self, before: Decimal, after: Decimal) -> Decimal:
        """Return the fee on the pay between two sums of the creator in the period."""
        return fee_between(self.period.fee_bps, before, after)


@dataclass(slots=True)
class PayBook:
    """Lines of pay that are changed together, with the balances of their creators."""

    periods: Mapping[UUID, RoyaltyPeriod]
    now: datetime
    lines: dict[tuple[UUID, int, PaySource], PayLine] = field(default_factory=dict)
    _carried: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _remainders: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _changed: set[tuple[UUID, int, PaySource]] = field(default_factory=set)
    _moved: set[int] = field(default_factory=set)

    @classmethod
    def of_platform(cls, platform_id: UUID, now: datetime) -> "PayBook":
        """Return an empty book over the platform's periods."""
        return cls({period.pk: period for period in RoyaltyPeriod.objects.filter(platform=platform_id)}, now)

    def read(self, statement: str, **values: Any) -> list[PayLine]:
        """Add the lines that a statement finds, and their creators' balances; return them in its order."""
        found = [self._line(row) for row in sql.run(f"payments/royalties/{statement}", **values)]
        self._read_balances({line.creator for line in found})
        return found

    def _line(self, row: Mapping[str, Any]) -> PayLine:
        line = PayLine(
            self.periods[row["period_id"]],
            row["creator_number"],
            PaySource(row["source"]),
            Due(**{name: row[name] for name in _DUE}),
            row["payments"],
            row["id"],
            row.get("worker_id"),
        )
        self.lines[line.period.pk, line.creator, line.source] = line
        return line

    def _read_balances(self, creators: Collection[int]) -> None:
        known = sql.array_literal(sorted(creators))
        for row in sql.run("payments/royalties/read_balances", creators=known):
            creator = row["creator_number"]
            self._carried[creator], self._remainders[creator] = row["carried"], row["remainder"]

    def open_lines(self, keys: Iterable[tuple[UUID, int, PaySource]]) -> None:
        """Add those of these lines that are not there yet, with nothing earned, and their creators'
        balances."""
        new = [key for key in keys if key not in self.lines]
        for period_id, creator, source in new:
            self.lines[period_id, creator, source] = PayLine(self.periods[period_id], creator, source)
        self._read_balances({creator for _, creator, _ in new})

    def change(self, line: PayLine, *, accrued: Decimal, held: Decimal) -> Decimal:
        """Change the sum that was earned; return the part that leaves escrow with its fee."""
        before = line.due
        change = change_due(before, accrued=accrued, held=held, remainder=self._remainders[line.creator])
        self._add_to_remainder(line.creator, change.remainder)
        self._replace(line, change.due)
        return change.released

    def fund(self, line: PayLine, amount: Decimal) -> None:
        """Move a part of the unfunded pay to the carried pay."""
        due = line.due
        self._replace(line, _with(due, unfunded=due.unfunded - amount, carried=due.carried + amount))

    def pay(self, line: PayLine, recovered: Decimal) -> None:
        """Move the carried pay to the paid, but for a part that makes up for a remainder."""
        due = line.due
        self._add_to_remainder(line.creator, -recovered)
        paid = due.carried - recovered
        line.payments += 1
        self._replace(
            line, _with(due, carried=ZERO, paid=due.paid + paid, recovered=due.recovered + recovered)
        )

    def carry_on(self, line: PayLine) -> None:
        """Count the carried pay of the line among that of its creator's final periods."""
        self._add_to_carried(line.creator, line.due.carried)

    def remainder_of(self, creator: int) -> Decimal:
        """Return the sum that later payments have to make up for."""
        return self._remainders[creator]

    def _replace(self, line: PayLine, due: Due) -> None:
        if line.is_carried_on:
            self._add_to_carried(line.creator, due.carried - line.due.carried)
        line.due = due
        self._changed.add((line.period.pk, line.creator, line.source))

    def _add_to_carried(self, creator: int, amount: Decimal) -> None:
        if amount:
            self._carried[creator] += amount
            self._moved.add(creator)

    def _add_to_remainder(self, creator: int, amount: Decimal) -> None:
        if amount:
            self._remainders[creator] += amount
            self._moved.add(creator)

    def write(self) -> None:
        """Write the lines and balances that have changed by a single statement."""
        if not self._changed and not self._moved:
            return
        lines = [self.lines[key] for key in sorted(self._changed)]
        creators = sorted(self._moved)
        sql.run(
            "payments/royalties/write_pays",
            balance_creators=sql.array_literal(creators),
            balances=_amounts(self._carried[creator] for creator in creators),
            remainders=_amounts(self._remainders[creator] for creator in creators),
            periods=sql.array_literal([str(line.period.pk) for line in lines]),
            creators=sql.array_literal([line.creator for line in lines]),
            sources=sql.array_literal([str(line.source) for line in lines]),
            payments=sql.array_literal([line.payments for line in lines]),
            **{name: _amounts(getattr(line.due, name) for line in lines) for name in _DUE},
        )


def _with(due: Due, **changed: Decimal) -> Due:
    return Due(**{name: changed.get(name, getattr(due, name)) for name in _DUE})


def _amounts(values: Iterable[Decimal]) -> str:
    return sql.array_literal([f"{value:f}" for value in values])


@dataclass(slots=True)
class PeriodSums:
    """Sums of a period that a batch has moved, with the creators."""

    period: RoyaltyPeriod
    creators: set[int] = field(default_factory=set)
    amount: Decimal = ZERO
    fee: Decimal = ZERO

    def add(self, line: PayLine, amount: Decimal, fee: Decimal = ZERO) -> None:
        """Count a creator's part."""
        self.add_sum({line.creator}, amount, fee)

    def add_sum(self, creators: Collection[int], amount: Decimal, fee: Decimal = ZERO) -> None:
        """Count the parts of these creators together."""
        self.creators.update(creators)
        self.amount += amount
        self.fee += fee


class SumsByPeriod(dict[UUID, PeriodSums]):
    """Sums of a batch by period."""

    def of(self, period: RoyaltyPeriod) -> PeriodSums:
        """Return those of the period, from nothing on."""
        return self.setdefault(period.pk, PeriodSums(period))

    @property
    def as_list(self) -> list[PeriodSums]:
        """The sums that are not 0, in the order of their periods."""
        return sorted((one for one in self.values() if one.amount), key=lambda one: one.period.first)


def note_fundings(sums: Sequence[PeriodSums], *, sign: int, now: datetime) -> list[PeriodFunding]:
    """Write the sums that periods got from their platform (sign 1) or gave back (-1)."""
    fundings = [
        PeriodFunding(period=one.period, amount=sign * one.amount, fee=sign * one.fee, created_at=now)
        for one in sums
    ]
    PeriodFunding.unguarded.bulk_create(fundings)
    return fundings


def refunds_of(fundings: Iterable[PeriodFunding]) -> list[Charge]:
    """Return the refunds to the platform for these."""
    return [
        Charge(
            kind=REFUND,
            platform_id=funding.period.platform_id,
            amount=-(funding.amount + funding.fee),
            key=f"period_funding:{funding.pk}",
            subject=Subject(ROYALTY_PERIOD, funding.period_id),
        )
        for funding in fundings
    ]
