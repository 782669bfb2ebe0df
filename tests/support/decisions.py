"""Decisions that only a member of staff may take, as one takes them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.log.context import acting_as
from audit.log.enums import ActorType
from platforms import services as platforms
from platforms.models import Dispute
from workers import services as workers
from workers.models import Worker


def resolve_dispute(
    *,
    task_id: UUID,
    outcome: str,
    worker_amount: Decimal | str,
    resolution: str = "as the proof shows",
    now: datetime | None = None,
) -> Dispute:
    with acting_as(ActorType.STAFF, "1"):
        return platforms.resolve_dispute(
            task_id=task_id, outcome=outcome, worker_amount=worker_amount, resolution=resolution, now=now
        )


def suspend_worker(*, worker_id: UUID, reason: str = "checks") -> Worker:
    with acting_as(ActorType.STAFF, "1"):
        return workers.suspend_worker(worker_id=worker_id, reason=reason)


def reinstate_worker(*, worker_id: UUID, reason: str = "cleared") -> Worker:
    with acting_as(ActorType.STAFF, "1"):
        return workers.reinstate_worker(worker_id=worker_id, reason=reason)
