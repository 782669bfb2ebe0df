"""Factors of a risk score: a sentence for each, and advice that would raise it (domain.md, 7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loans.policy.reports import WorkerRiskAssessment
from reputation.scores.calculations import COMPLETED, ON_TIME_BONUS

FULL_AGE_DAYS = 90
FULL_TASKS = 50
WEEKS_TO_JUDGE = 4


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor's points of the largest number that it can give. `advice` says how the worker can gain the
    missing points; empty where there is no way."""

    name: str
    points: Decimal
    highest: Decimal
    sentence: str
    advice: str

    @property
    def missing(self) -> Decimal:
        return self.highest - self.points


def factors_of(risk: WorkerRiskAssessment) -> list[Factor]:
    """Return all factors of the score, in the order of domain.md."""
    found = []
    for name, (highest, explain) in _FACTORS.items():
        points = risk.points[f"{name}_points"]
        sentence, advice = explain(risk)
        found.append(Factor(name, points, Decimal(highest), sentence, advice if points < highest else ""))
    return found


def best_move(factors: Sequence[Factor]) -> Factor | None:
    """Return the factor that would move the score most, of those that the worker can change."""
    movable = [factor for factor in factors if factor.advice]
    return max(movable, key=lambda factor: factor.missing, default=None)


def _explain_reputation(risk: WorkerRiskAssessment) -> tuple[str, str]:
    on_time = COMPLETED + ON_TIME_BONUS
    return (
        f"The reputation is {risk.reputation_score} of 1000, and every 10 of it are worth 3 points.",
        f"Each completed task adds {COMPLETED} to the reputation, one that meets its due date {on_time}.",
    )


def _explain_age(risk: WorkerRiskAssessment) -> tuple[str, str]:
    days = FULL_AGE_DAYS - risk.account_age_days
    return (
        f"Age of the account in days: {risk.account_age_days}; {FULL_AGE_DAYS} count in full.",
        f"Nothing but time; days until it counts in full: {days}.",
    )


def _explain_tasks(risk: WorkerRiskAssessment) -> tuple[str, str]:
    more = FULL_TASKS - risk.counted_tasks
    return (
        f"Completed tasks: {risk.completed_tasks}, of which {risk.counted_tasks} count: those of at least 1"
        f" USDC, and of one platform at most 40 % of them; {FULL_TASKS} count in full.",
        f"Each further one that counts adds 5 points, and work for other platforms makes more of them count;"
        f" until it counts in full: {more}.",
    )


def _explain_performance(risk: WorkerRiskAssessment) -> tuple[str, str]:
    """Explain the performance; the advice is about the part of its three that misses most."""
    rating = risk.counted_rating
    parts = (
        (80 - risk.completion_rate_30_days * Decimal("0.8"), "Complete every task that is begun"),
        (80 - risk.on_time_rate * Decimal("0.8"), "Complete tasks by their due dates"),
        (40 - 8 * (rating or Decimal(0)), "Earn ratings of 5"),
    )
    missing, words = max(parts)
    rated = f"the rating that counts is {rating} of 5" if rating is not None else "there is no rating yet"
    return (
        f"{risk.completion_rate_30_days} % of the tasks that ended in the last 30 days were completed,"
        f" {risk.on_time_rate} % of all completed ones were on time, and {rated}.",
        f"{words}: up to {missing:.2f} points.",
    )


def _explain_disputes(risk: WorkerRiskAssessment) -> tuple[str, str]:
    """Explain the disputes, without advice: a lost dispute stays on record."""
    return f"Disputes decided against you: {risk.disputes}; each takes 20 of 100 points, for good.", ""


def _explain_loans(risk: WorkerRiskAssessment) -> tuple[str, str]:
    late = risk.repaid_loans - risk.repaid_on_time_loans
    if risk.repaid_loans + risk.defaulted_loans == 0:
        return "No advance has been repaid yet.", "Repay an advance by its due date."
    return (
        f"Advances repaid on time: {risk.repaid_on_time_loans}; repaid late: {late}; ever in default:"
        f" {risk.defaulted_loans}.",
        "Repay advances by their due dates: from four fifths on time nothing is taken off.",
    )


def _explain_earnings(risk: WorkerRiskAssessment) -> tuple[str, str]:
    weeks = risk.weeks_with_earnings
    if weeks < WEEKS_TO_JUDGE:
        return (
            f"Weeks with pay of the last 8: {weeks}, too few to tell whether it is steady.",
            f"Earn in at least {WEEKS_TO_JUDGE} of 8 weeks, and about as much in each.",
        )
    return (
        f"Weeks with pay of the last 8: {weeks}; what they brought varies by {risk.earnings_variation} of"
        " their mean, where below 0.5 is steady and above 1 volatile.",
        "Earn about as much in each week.",
    )


_Explain = Callable[[WorkerRiskAssessment], tuple[str, str]]
_FACTORS: dict[str, tuple[int, _Explain]] = {
    "reputation": (300, _explain_reputation),
    "age": (150, _explain_age),
    "task": (250, _explain_tasks),
    "performance": (200, _explain_performance),
    "dispute": (100, _explain_disputes),
    "loan": (50, _explain_loans),
    "earnings": (30, _explain_earnings),
}
