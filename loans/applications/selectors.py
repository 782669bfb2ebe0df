"""Grounds of a decision on an advance: worker, score, forecast, history, and reasons against it."""

from datetime import datetime

from django.db.models import Sum

from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from loans.applications.enums import OPEN_LOANS
from loans.models import Loan
from loans.policy.selectors.offers import assess_credit

Line = tuple[str, str]


def decision_lines(loan: Loan, *, now: datetime | None = None) -> list[Line]:
    """Return the lines for one advance, as things stand now, each as label and text."""
    now = now or database_now()
    assessment = assess_credit(loan.worker_id, now)
    risk = assessment.risk
    past = Loan.objects.filter(worker=loan.worker_id).exclude(pk=loan.pk)
    open_ones = past.filter(status__in=OPEN_LOANS)
    owed = open_ones.aggregate(owed=Sum("total_due") - Sum("amount_repaid"))
    counts = {status: past.filter(status=status).count() for status in ("repaid", "defaulted")}
    offered = "nothing" if assessment.maximum is None else f"up to {usdc(assessment.maximum)}"
    lines = [
        ("Worker", str(loan.worker)),
        ("Score", f"{risk.score} of 1000"),
        ("Forecast of 7 days", usdc(assessment.forecast.amount)),
        ("Offered now", offered),
        ("Past advances", ", ".join(f"{count} {status}" for status, count in counts.items())),
        ("Owed on others", usdc(max(owed["owed"] or ZERO, ZERO))),
    ]
    return [*lines, *(("Not eligible", reason) for reason in assessment.reasons)]
