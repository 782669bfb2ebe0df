"""Notices about approvals: to the possible deciders of a request, and to its requester once it is decided."""

from collections.abc import Sequence
from datetime import datetime

from audit.approvals.enums import ApprovalDecision
from audit.models import Approval
from audit.notices.services import end_notices, notify
from audit.notices.vocabulary import APPROVAL_DECIDED, APPROVAL_WAITS
from gigstream.core.money import usdc
from gigstream.core.people.names import isolate_name
from gigstream.core.people.staff_names import actor_text, members_who_may, name_actor


def notify_deciders(row: Approval, *, label: str, permissions: Sequence[str], now: datetime) -> None:
    """Notify all who may decide on the request, but not who has made it."""
    deciders = [actor_text(member) for member in members_who_may(*permissions)]
    notify(
        [name for name in deciders if name != row.requested_by],
        APPROVAL_WAITS,
        subject_type="approval",
        subject_id=row.pk,
        words=(
            f"{label}{_amount_text(row)}. Requested by {isolate_name(name_actor(row.requested_by))}."
            f" It can be decided until {row.expires_at:%Y-%m-%d %H:%M} UTC."
        ),
        moment=now,
    )


def notify_requester(row: Approval, *, label: str, now: datetime) -> None:
    """Notify the requester of the decision, unless it is their own; nobody has to decide any more."""
    end_notices(APPROVAL_WAITS, subject_type="approval", subject_id=row.pk, now=now)
    if row.decision == ApprovalDecision.WITHDRAWN:
        return
    outcome = f" It could not be done: {row.error}." if row.error else ""
    by = "" if row.decision == ApprovalDecision.EXPIRED else f" by {isolate_name(name_actor(row.decided_by))}"
    notify(
        [row.requested_by],
        APPROVAL_DECIDED,
        subject_type="approval",
        subject_id=row.pk,
        words=f"{label}{_amount_text(row)}: {row.decision}{by}.{outcome}",
        moment=now,
    )


def _amount_text(row: Approval) -> str:
    return "" if row.amount is None else f", {usdc(row.amount)}"
