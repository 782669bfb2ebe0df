"""Grounds of decisions on advances: worker, score, forecast, exposure, history, and reasons against them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum

from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from loans.applications.enums import OPEN_LOANS, LoanStatus
from loans.exposure.limits import OPEN_ADVANCES
from loans.models import Loan
from loans.policy.calculations.terms import instalment_of
from loans.policy.selectors.factors import factors_of
from loans.policy.selectors.offers import ANOTHER_IS_OPEN, Prospect, prospects_of


@dataclass(frozen=True, slots=True)
class Ground:
    """A line of the grounds; `is_against` marks a reason against the advance, `is_short` a line for cards."""

    label: str
    text: str
    is_against: bool = False
    is_short: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """Advances of a worker: those of the past, and the debt on the open ones."""

    repaid: int = 0
    defaulted: int = 0
    refused: int = 0
    owed: Decimal = ZERO


def decision_grounds(loans: Sequence[Loan], *, now: datetime | None = None) -> dict[UUID, list[Ground]]:
    """Return the grounds for each of the advances, as things stand now, by at most five statements."""
    if not loans:
        return {}
    now = now or database_now()
    workers = {loan.worker_id for loan in loans}
    # A worker has at most one open advance: that of which an open loan would say so is the loan itself.
    own = {loan.worker_id for loan in loans if loan.status in OPEN_LOANS}
    prospects = prospects_of(workers - own, now) if workers - own else {}
    prospects |= prospects_of(own, now, besides=[ANOTHER_IS_OPEN]) if own else {}
    records = _records(workers)
    return {
        loan.pk: [
            *_terms(loan),
            *prospect_grounds(prospects[loan.worker_id], loan.amount),
            *_history(records.get(loan.worker_id, Record()), loan),
        ]
        for loan in loans
    }


def _terms(loan: Loan) -> list[Ground]:
    share = (
        f"half of each earning, at most {usdc(instalment_of(loan.total_due))}, within {loan.term_days} days"
    )
    waits = "nobody has assessed it"
    if loan.automatic_up_to is not None:
        waits = f"the system approves up to {usdc(loan.automatic_up_to)} by itself"
    return [
        Ground("Gets", f"{usdc(loan.amount)}, owes {usdc(loan.total_due)} with the fee"),
        Ground("Repays", share, is_short=False),
        Ground("Waits because", waits),
    ]


def prospect_grounds(prospect: Prospect, amount: Decimal) -> list[Ground]:
    """Return the score with its factors, the forecast, the offer and the reasons against an advance of this
    amount."""
    risk, expected = prospect.risk, prospect.forecast
    factors = ", ".join(
        f"{factor.name} {factor.points:.0f} of {factor.highest}" for factor in factors_of(risk)
    )
    lines = [
        Ground("Score now", f"{risk.score} of 1000"),
        Ground("Made of", factors, is_short=False),
        Ground(
            "Forecast of 7 days",
            f"{usdc(expected.amount)}; four of five times from {usdc(expected.low)} to {usdc(expected.high)}",
        ),
    ]
    if prospect.maximum is None:
        lines.append(Ground("Offered now", "nothing"))
    else:
        lines.append(Ground("Offered now", f"up to {usdc(prospect.maximum)}", amount > prospect.maximum))
    return [*lines, *(Ground("Not eligible because", reason, is_against=True) for reason in prospect.reasons)]


def _records(workers: Collection[UUID]) -> dict[UUID, Record]:
    """Return the advances of each worker, in one statement."""
    rows: Any = (
        Loan.objects.filter(worker__in=workers)
        .values("worker")
        .annotate(
            repaid=Count("pk", filter=Q(status=LoanStatus.REPAID)),
            defaulted=Count("pk", filter=Q(defaulted_at__isnull=False)),
            refused=Count("pk", filter=Q(status=LoanStatus.CANCELLED)),
            owes=Sum(
                F("total_due") - F("amount_repaid") - F("amount_written_off"),
                filter=Q(disbursed_at__isnull=False),
            ),
        )
    )
    return {
        row["worker"]: Record(row["repaid"], row["defaulted"], row["refused"], row["owes"] or ZERO)
        for row in rows
    }


def _history(record: Record, loan: Loan) -> list[Ground]:
    owed = record.owed - (loan.owed if loan.disbursed_at else ZERO)
    refused = record.refused - (loan.status == LoanStatus.CANCELLED)
    past = f"{record.repaid} repaid, {record.defaulted} defaulted, {refused} refused or withdrawn"
    return [
        Ground("Past advances", past, is_against=record.defaulted > 0),
        Ground("Owed on others", usdc(owed), is_against=owed > ZERO),
    ]


def exposure_ground() -> Ground:
    """Return the open advances of the house and their limit, by two statements."""
    of_all = Loan.objects.filter(status__in=OPEN_LOANS - {LoanStatus.PENDING})
    open_now = of_all.aggregate(sum=Sum(F("total_due") - F("amount_repaid")))["sum"] or ZERO
    limit = OPEN_ADVANCES.value
    text = f"{usdc(open_now)} of {usdc(limit)}"
    return Ground("Open advances of all workers", text, is_against=open_now > limit, is_short=False)
