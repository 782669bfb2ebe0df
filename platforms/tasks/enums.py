from django.db.models import TextChoices


class TaskType(TextChoices):
    FIXED = "fixed"
    TIME_BASED = "time_based"
    MILESTONE = "milestone"


class TaskStatus(TextChoices):
    CREATED = "created"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"


TASK_MOVES = {
    TaskStatus.CREATED: frozenset({TaskStatus.ASSIGNED, TaskStatus.CANCELLED}),
    TaskStatus.ASSIGNED: frozenset({TaskStatus.IN_PROGRESS, TaskStatus.CANCELLED, TaskStatus.CREATED}),
    TaskStatus.IN_PROGRESS: frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.DISPUTED}),
    TaskStatus.COMPLETED: frozenset({TaskStatus.DISPUTED}),
    TaskStatus.DISPUTED: frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED}),
    TaskStatus.CANCELLED: frozenset(),
}


# A worker with a task in these statuses has work in hand: it counts as open in the engagement.
OPEN_STATUSES = frozenset({TaskStatus.ASSIGNED, TaskStatus.IN_PROGRESS, TaskStatus.DISPUTED})


FINISHED_STATUSES = frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED})


# In the other statuses a task always has a worker.
WORKERLESS_STATUSES = frozenset({TaskStatus.CREATED, TaskStatus.CANCELLED})


class WorkEventType(TextChoices):
    """Types of work events, which platforms report."""

    STARTED = "started"
    MILESTONE_REACHED = "milestone_reached"
    COMPLETED = "completed"
    BONUS = "bonus"


class DisputeSide(TextChoices):
    """Sides that can file a dispute."""

    WORKER = "worker"
    PLATFORM = "platform"


class DisputeOutcome(TextChoices):
    """The side that was right. Only `platform` is a decision against the worker."""

    WORKER = "worker"
    PLATFORM = "platform"
    NOBODY = "nobody"


class PartySide(TextChoices):
    """Actors on a task or a consent."""

    WORKER = "worker"
    PLATFORM = "platform"
    STAFF = "staff"
    SYSTEM = "system"


class Fault(TextChoices):
    """The side at fault when a task did not end well, once that is decided."""

    WORKER = "worker"
    PLATFORM = "platform"
    NOBODY = "nobody"


class PayoutStatus(TextChoices):
    """Progress of a task's pay to its worker's wallet (docs/decisions/payouts.md)."""

    NONE = "none"
    PARTLY = "partly"
    UNDER_WAY = "under_way"
    PAID = "paid"
