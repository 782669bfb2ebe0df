"""Outages, declared by two members of staff."""

from datetime import datetime

from audit.approvals import services as approvals
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core.clock import database_now
from reputation.models import Outage
from reputation.streaks.errors import InvalidOutage
from reputation.streaks.models import LONGEST_OUTAGE


@verb("outage.request", "outage")
def request_outage(
    *, starts_at: datetime, ends_at: datetime, reason: str, now: datetime | None = None
) -> Approval:
    """Request a second person's approval of an outage, by which no streak breaks.

    Raises InvalidOutage, or the errors of `approvals.request`.
    """
    now = now or database_now()
    _require_over(starts_at, ends_at, now)
    return approvals.request(
        kind="outage.declare",
        subject=("streaks", starts_at.isoformat()),
        parameters={"starts_at": starts_at, "ends_at": ends_at},
        reason=reason,
        now=now,
    )


@verb("outage.declare", "outage")
def declare_outage(
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    requested_by: str,
    approved_by: str,
    now: datetime | None = None,
) -> Outage:
    """Declare an outage. Streaks are computed with it from now on, and a bonus that one of them has reached
    follows with its worker's next claim. Raises InvalidOutage or ReasonMissing."""
    now = now or database_now()
    _require_over(starts_at, ends_at, now)
    outage = Outage(
        starts_at=starts_at,
        ends_at=ends_at,
        reason=approvals.require_reason(reason),
        requested_by=requested_by,
        approved_by=approved_by,
        created_at=now,
    )
    outage.save(force_insert=True)
    audit.record("outage.declare", outage, after={"starts_at": starts_at, "ends_at": ends_at}, now=now)
    return outage


def _require_over(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not starts_at < ends_at <= now or ends_at - starts_at > LONGEST_OUTAGE:
        raise InvalidOutage(
            f"an outage is over, and lasted at most {LONGEST_OUTAGE.days} days:"
            f" not from {starts_at.isoformat()} to {ends_at.isoformat()}, at {now.isoformat()}",
            starts_at=starts_at.isoformat(),
            ends_at=ends_at.isoformat(),
            longest_days=LONGEST_OUTAGE.days,
        )
