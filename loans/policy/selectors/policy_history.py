"""History of workers for the replay of advances: events, advances and assessments on record."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from loans.models import Loan
from loans.policy.calculations.forecast import forecast_week
from loans.policy.calculations.policy import PastAdvance, Present
from loans.policy.calculations.terms import LOWEST_SCORE
from loans.policy.reports import WorkerRiskAssessment
from loans.policy.selectors.offers import counted_earnings
from reputation.models import ReputationEvent
from reputation.scores.replay import PastEvent


@dataclass(frozen=True, slots=True)
class WorkerHistory:
    """A worker's record: `advances` are those with their assessment, `unexplained` counts the others that
    were paid out."""

    worker_id: UUID
    present: Present
    events: list[PastEvent]
    advances: list[PastAdvance]
    unexplained: int


def read_histories(
    worker_ids: Collection[UUID], *, since: datetime, now: datetime
) -> Iterator[WorkerHistory]:
    """Yield the record of each of these workers after `since` until `now`, in four statements."""
    events, loans = _events_by_worker(worker_ids, since, now), _loans_by_worker(worker_ids, since, now)
    earned = counted_earnings(worker_ids, now=now)
    for risk in WorkerRiskAssessment.objects.filter(worker_id__in=worker_ids).order_by("worker_id"):
        mine = loans.get(risk.worker_id, [])
        explained = [loan for loan in mine if loan.risk_factors and loan.predicted_earnings is not None]
        yield WorkerHistory(
            worker_id=risk.worker_id,
            present=Present(
                reputation=risk.reputation_score,
                score=risk.score,
                points=risk.points,
                # The view gives a reason of its own for a score that is too low.
                other_reasons=len(risk.reasons) - (risk.score < LOWEST_SCORE),
                predicted_earnings=forecast_week(earned.get(risk.worker_id, ())).amount,
            ),
            events=events.get(risk.worker_id, []),
            advances=[_as_past_advance(loan) for loan in explained],
            unexplained=len(mine) - len(explained),
        )


def _events_by_worker(
    worker_ids: Collection[UUID], since: datetime, now: datetime
) -> dict[UUID, list[PastEvent]]:
    found: dict[UUID, list[PastEvent]] = {}
    rows = ReputationEvent.objects.filter(
        worker_id__in=worker_ids, created_at__gt=since, created_at__lte=now
    ).order_by("worker_id", "number")
    for row in rows:
        found.setdefault(row.worker_id, []).append(
            PastEvent(
                at=row.created_at,
                event_type=row.event_type,
                delta=row.delta,
                previous_score=row.previous_score,
                new_score=row.new_score,
                source_key=row.source_key or "",
                task_id=str(row.task_id or ""),
                cut=row.metadata.get("cut", 0),
                severity=row.metadata.get("severity", 0),
                took_back=row.metadata.get("took_back", 0),
            )
        )
    return found


def _loans_by_worker(worker_ids: Collection[UUID], since: datetime, now: datetime) -> dict[UUID, list[Loan]]:
    """Return the advances that were requested in that time and paid out."""
    found: dict[UUID, list[Loan]] = {}
    rows = Loan.objects.filter(
        worker_id__in=worker_ids,
        disbursed_at__isnull=False,
        requested_at__gt=since,
        requested_at__lte=now,
    ).order_by("requested_at", "pk")
    for row in rows:
        found.setdefault(row.worker_id, []).append(row)
    return found


def _as_past_advance(loan: Loan) -> PastAdvance:
    return PastAdvance(
        requested_at=loan.requested_at,
        amount=loan.amount,
        fee=loan.fee,
        points={name: Decimal(value) for name, value in loan.risk_factors.items()},
        predicted_earnings=loan.predicted_earnings or Decimal(0),
    )
