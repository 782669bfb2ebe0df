"""Limit of the money that a member of staff moves without a second person within 24 hours: in all, over all
actions and receivers, and for a receiver, over all members of staff."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, Sum

from audit.limits.services import USDC, Limit, register
from audit.log.context import current_actor
from audit.models import Approval
from audit.staff_movements.models import StaffMovement
from gigstream.core.money import ZERO, usdc
from gigstream.core.postgres.transactions import wait_for_lock

WITHIN = timedelta(hours=24)
STAFF_ALONE_UP_TO = register(
    Limit(
        "staff_alone_up_to",
        "Money that a member of staff may move, or a receiver may get, within a day without a second person",
        USDC,
        lambda: settings.STAFF_ALONE_UP_TO,
        ZERO,
    )
)


@dataclass(frozen=True, slots=True)
class Part:
    """A receiver, worker or platform, and its sum by an action of staff."""

    receiver_type: str
    receiver_id: object
    amount: Decimal


def count_alone(*, action: str, parts: Sequence[Part], now: datetime) -> bool:
    """Count the money that the present member of staff is about to move, and return True; or count nothing
    and return False where a second person must approve it: where it would be more than `STAFF_ALONE_UP_TO`
    within 24 hours by this person, or for any of the receivers.

    Runs in the transaction of the action, before it locks accounts. Simultaneous actions by the same person,
    or for the same receiver, are counted in turn.
    """
    staff, limit = str(current_actor()), STAFF_ALONE_UP_TO.value
    parts = [part for part in parts if part.amount]
    _wait_for_turn(staff, parts)
    by_person = _sum_of(Q(staff=staff), now) + sum((part.amount for part in parts), ZERO)
    if by_person > limit or any(_received_alone(part, now) + part.amount > limit for part in parts):
        return False
    for part in parts:
        StaffMovement(
            staff=staff,
            action=action,
            receiver_type=part.receiver_type,
            receiver_id=str(part.receiver_id),
            amount=part.amount,
            created_at=now,
        ).save(force_insert=True)
    return True


def moved_alone(*, now: datetime) -> Decimal:
    """Return the sum that the present member of staff has moved alone in the 24 hours before `now`."""
    return _sum_of(Q(staff=str(current_actor())), now)


def moved_line(approval: Approval) -> tuple[str, str]:
    """Return a line with the sum that the requester had moved alone at their request."""
    return "Moved alone by the requester, in the day before", usdc(
        Decimal(approval.parameters["moved_alone"])
    )


def _wait_for_turn(staff: str, parts: Iterable[Part]) -> None:
    names = {staff, *(f"{part.receiver_type}:{part.receiver_id}" for part in parts)}
    for name in sorted(names):
        wait_for_lock(f"staff_movement {name}")


def _received_alone(part: Part, now: datetime) -> Decimal:
    return _sum_of(Q(receiver_type=part.receiver_type, receiver_id=str(part.receiver_id)), now)


def _sum_of(whose: Q, now: datetime) -> Decimal:
    rows = StaffMovement.objects.filter(whose, created_at__gt=now - WITHIN)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO
