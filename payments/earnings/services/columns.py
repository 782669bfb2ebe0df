"""Pay of many workers for facts of one kind, booked from columns as a payroll books payables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from gigstream.core import sql
from gigstream.core.money import ZERO
from gigstream.core.postgres.transactions import prefer_indexes
from gigstream.jobs.registry import nudge_job
from payments.earnings import deductions
from payments.earnings.deductions import Earning, Withheld
from payments.earnings.payables import Charge, escrow_of
from payments.earnings.services.earnings import charge_line
from payments.ledger.services import accounts, ledger
from payments.ledger.services.crediting import CreditColumns, credit_workers
from payments.ledger.subjects import SubjectKind
from payments.settlement.transactions import services as transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class PayColumns:
    """Pay of many workers by a platform, out of its escrow. The columns are arrays of PostgreSQL as text,
    `count` long: the worker, the amount, the fact as in the key of a `Payable`, and the row of `subject_kind`
    that it belongs to. `total` is the sum of the amounts."""

    platform_id: UUID
    kind: str
    subject_kind: SubjectKind
    count: int
    total: Decimal
    workers: str
    amounts: str
    facts: str
    subjects: str


def book_columns(pay: PayColumns, charges: Sequence[Charge], *, now: datetime) -> str:
    """Book the pay, the charges and the parts that rules withhold, by as many statements for many workers as
    for few; return the ids of the pay's entries as an array, in the order of the columns.

    The entries are those of a `Payroll` with the same pay. Raises InsufficientFunds or AmountTooLarge, and
    IntegrityError for a fact that was paid before.
    """
    escrow = escrow_of(pay.platform_id)
    charges = [charge for charge in charges if charge.amount]
    places = accounts.find({escrow, *(place for charge in charges for place in charge.places)})
    payees, owing = _find_payees(pay)
    taken = deductions.lock({earning.worker_id for earning in owing.values()}, now)
    withheld = taken.withhold(list(owing.values()))
    with prefer_indexes():
        entries = credit_workers(
            _credits_of(pay, payees),
            debit=places[escrow],
            withheld=_withheld_column(withheld, owing, pay.count),
            now=now,
        )
    withheld = _withheld_from_entries(withheld, owing, entries)
    lines = [
        charge_line(charge, debit=places[charge.payer], credit=places[charge.payee], now=now)
        for charge in charges
    ]
    with prefer_indexes():
        ledger.post(
            [*(line.posting for line in lines), *(one.posting for one in withheld)],
            now=now,
            already_booked={places[escrow]: -pay.total},
        )
    movements = [line.movement for line in lines if line.movement]
    transactions.insert([*movements, *(one.movement for one in withheld)], now)
    taken.conclude()
    nudge_job("create_due_payouts")
    return entries


def _credits_of(pay: PayColumns, payees: str) -> CreditColumns:
    return CreditColumns(
        kind=pay.kind,
        subject_kind=pay.subject_kind,
        count=pay.count,
        accounts=payees,
        amounts=pay.amounts,
        facts=pay.facts,
        subjects=pay.subjects,
    )


def _find_payees(pay: PayColumns) -> tuple[str, dict[int, Earning]]:
    """Return the workers' accounts as a column, opened where they were missing, and the pay of those who owe
    something, by its place in the columns."""
    row = _read_payees(pay)
    if row["missing"]:
        accounts.open_for_workers(row["missing"])
        row = _read_payees(pay)
    owing = {
        place: Earning(f"{pay.kind}:{fact}", UUID(worker), account, Decimal(amount))
        for place, worker, account, amount, fact in row["owing"] or ()
    }
    return row["accounts"], owing


def _read_payees(pay: PayColumns) -> dict[str, Any]:
    with prefer_indexes():
        (row,) = sql.run(
            "payments/earnings/find_payees", workers=pay.workers, amounts=pay.amounts, facts=pay.facts
        )
    return row


def _withheld_column(withheld: Sequence[Withheld], owing: dict[int, Earning], count: int) -> str:
    """Return the sums withheld of each row as an array; an empty one if nothing is."""
    if not withheld:
        return "{}"
    places = {earning.key: place for place, earning in owing.items()}
    sums = [ZERO] * count
    for one in withheld:
        sums[places[one.earning_key]] += one.posting.amount
    return sql.array_literal([f"{amount:f}" for amount in sums])


def _withheld_from_entries(
    withheld: Sequence[Withheld], owing: dict[int, Earning], entries: str
) -> list[Withheld]:
    """Return the withheld parts with the ids of the entries that they are withheld from."""
    if not withheld:
        return []
    ids = orjson.loads(f"[{entries[1:-1]}]")
    sources = {earning.key: ids[place] for place, earning in owing.items()}
    return [
        replace(one, posting=replace(one.posting, withheld_from=sources[one.earning_key])) for one in withheld
    ]
