"""Reversals of points: requested by one member of staff and approved by another."""

from datetime import datetime

from audit.approvals import services as approvals
from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core.clock import database_now
from reputation.models import PointsEntry
from reputation.points.enums import PointsKind
from reputation.points.errors import NotReversible, ReversedAlready
from reputation.points.services.booking import NewPoints, book_points, lock_balances
from reputation.points.vocabulary import REVERSAL


@verb("points.request_reversal", "pointsentry")
def request_reversal(*, entry_id: int, reason: str, now: datetime | None = None) -> Approval:
    """Request a second person's approval that the points of an entry are taken back.

    Raises NotReversible, ReversedAlready, or the errors of `approvals.request`.
    """
    entry = PointsEntry.objects.get(pk=entry_id)
    _require_reversible(entry)
    return approvals.request(
        kind="points.reverse",
        subject=("pointsentry", str(entry.pk)),
        parameters={"points": entry.amount},
        reason=reason,
        now=now,
    )


@verb("points.reverse", "pointsentry")
def reverse_points(
    *, entry_id: int, requested_by: str, approved_by: str, reason: str, now: datetime | None = None
) -> PointsEntry:
    """Take back the points of an entry, as two members of staff have decided; return the reversing entry.

    Raises NotReversible, ReversedAlready, or NotEnoughPoints where the worker has fewer points left.
    """
    now = now or database_now()
    entry = PointsEntry.objects.select_related("worker").get(pk=entry_id)
    owner = (entry.worker_id, entry.platform_id)
    balance = lock_balances([owner], now=now)[owner]
    _require_reversible(entry)
    reversal = NewPoints(
        worker_id=entry.worker_id,
        platform_id=entry.platform_id,
        amount=-entry.amount,
        reason=approvals.require_reason(reason),
        reverses_id=entry.pk,
        requested_by=requested_by,
        approved_by=approved_by,
    )
    (booked,) = book_points([reversal], now=now)
    case = Case(
        subject=entry,
        worker_id=entry.worker_id,
        outcome="reversed",
        inputs={"points": entry.amount, "balance": balance},
        sentence=f"{entry.amount} points were taken back: {balance} before, {booked.balance_after} after.",
        reason=reason,
        requested_by=requested_by,
        decided_by=approved_by,
    )
    decide(REVERSAL, case, now=now)
    audit.record(
        "points.reverse",
        entry,
        before={"balance": balance},
        after={"balance": booked.balance_after},
        metadata={"worker": entry.worker_id, "entry": booked.pk, "points": booked.amount},
        now=now,
    )
    return booked


def _require_reversible(entry: PointsEntry) -> None:
    if entry.kind != PointsKind.GRANT:
        raise NotReversible(
            f"entry {entry.pk} is a {entry.kind}: only points of a quest are reversed", kind=entry.kind
        )
    reversal = PointsEntry.objects.filter(reverses=entry).first()
    if reversal is not None:
        raise ReversedAlready(
            f"the {entry.amount} points of entry {entry.pk} were reversed by entry {reversal.pk}"
            f" at {reversal.created_at:%Y-%m-%d %H:%M} UTC",
            reversal=reversal.pk,
            reversed_at=reversal.created_at,
        )
