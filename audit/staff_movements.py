"""How much money one member of staff may move without a second person: within 24 hours in all, whatever the
acts and whoever gets it, and for one receiver, whoever of the staff gives it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, Sum

from audit.context import current_actor
from audit.limits import USDC, Limit, register
from audit.models import Approval
from audit.movements import StaffMovement
from gigstream.lib.db import wait_for_lock
from gigstream.lib.money import ZERO, usdc

WITHIN = timedelta(hours=24)
STAFF_ALONE_UP_TO = register(
    Limit(
        "staff_alone_up_to",
        "What one member of staff may move, or one receiver may get, within a day without a second person",
        USDC,
        lambda: settings.STAFF_ALONE_UP_TO,
        ZERO,
    )
)


@dataclass(frozen=True, slots=True)
class Part:
    """A receiver, worker or platform, and its sum by an act of the staff."""

    receiver_type: str
    receiver_id: object
    amount: Decimal


def count_alone(*, action: str, parts: Sequence[Part], now: datetime) -> bool:
    """Count what the present member of staff is about to move, and return True; or count nothing and return
    False where a second person must approve it: where it would be more than `STAFF_ALONE_UP_TO` within 24
    hours by this person, or for one of the receivers.

    Runs in the transaction of the act, before it locks accounts. Acts at the same time by the same person, or
    for the same receiver, are counted one after the other.
    """
    staff, limit = str(current_actor()), STAFF_ALONE_UP_TO.value
    parts = [part for part in parts if part.amount]
    _wait_for_turn(staff, parts)
    by_person = _sum(Q(staff=staff), now) + sum((part.amount for part in parts), ZERO)
    if by_person > limit or any(_got(part, now) + part.amount > limit for part in parts):
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
    """What the present member of staff has moved without a second person in the 24 hours before `now`."""
    return _sum(Q(staff=str(current_actor())), now)


def moved_line(approval: Approval) -> tuple[str, str]:
    """What who asks for the approval had moved alone when they asked, in words for who decides."""
    return "Moved alone by who asks, in the day before", usdc(Decimal(approval.parameters["moved_alone"]))


def _wait_for_turn(staff: str, parts: Iterable[Part]) -> None:
    names = {staff, *(f"{part.receiver_type}:{part.receiver_id}" for part in parts)}
    for name in sorted(names):
        wait_for_lock(f"staff_movement {name}")


def _got(part: Part, now: datetime) -> Decimal:
    return _sum(Q(receiver_type=part.receiver_type, receiver_id=str(part.receiver_id)), now)


def _sum(whose: Q, now: datetime) -> Decimal:
    rows = StaffMovement.objects.filter(whose, created_at__gt=now - WITHIN)
    return rows.aggregate(total=Sum("amount"))["total"] or ZERO
