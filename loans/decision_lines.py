"""Grounds for a decision on an advance: the worker, score, forecast, history, and what speaks against it."""

from datetime import datetime

from django.db.models import Sum

from gigstream.lib.clock import database_now
from gigstream.lib.money import ZERO, usdc
from loans.enums import OPEN_LOANS
from loans.models import Loan
from loans.offers import standing_of

Line = tuple[str, str]


def decision_lines(loan: Loan, *, now: datetime | None = None) -> list[Line]:
    """Return the lines for one advance, as things stand now, each as label and text."""
    now = now or database_now()
    standing = standing_of(loan.worker_id, now)
    risk = standing.risk
    past = Loan.objects.filter(worker=loan.worker_id).exclude(pk=loan.pk)
    open_ones = past.filter(status__in=OPEN_LOANS)
    owed = open_ones.aggregate(owed=Sum("total_due") - Sum("amount_repaid"))
    counts = {status: past.filter(status=status).count() for status in ("repaid", "defaulted")}
    offered = "nothing" if standing.maximum is None else f"up to {usdc(standing.maximum)}"
    lines = [
        ("Worker", str(loan.worker)),
        ("Score", f"{risk.score} of 1000"),
        ("Forecast of 7 days", usdc(standing.forecast.amount)),
        ("Offered now", offered),
        ("Past advances", ", ".join(f"{count} {status}" for status, count in counts.items())),
        ("Owed on others", usdc(max(owed["owed"] or ZERO, ZERO))),
    ]
    return [*lines, *(("Not eligible", reason) for reason in standing.reasons)]
