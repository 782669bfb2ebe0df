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
    TaskStatus.ASSIGNED: frozenset({TaskStatus.IN_PROGRESS, TaskStatus.CANCELLED}),
    TaskStatus.IN_PROGRESS: frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.DISPUTED}),
    TaskStatus.COMPLETED: frozenset({TaskStatus.DISPUTED}),
    TaskStatus.DISPUTED: frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED}),
    TaskStatus.CANCELLED: frozenset(),
}

# A worker with a task in one of these has work in hand: it counts as open in the engagement.
OPEN_STATUSES = frozenset({TaskStatus.ASSIGNED, TaskStatus.IN_PROGRESS, TaskStatus.DISPUTED})
FINISHED_STATUSES = frozenset({TaskStatus.COMPLETED, TaskStatus.CANCELLED})
# In the others a task always has a worker.
WORKERLESS_STATUSES = frozenset({TaskStatus.CREATED, TaskStatus.CANCELLED})


class WorkEventType(TextChoices):
    """The facts that a platform can report about a task."""

    STARTED = "started"
    MILESTONE_REACHED = "milestone_reached"
    COMPLETED = "completed"
    BONUS = "bonus"


class DisputeOutcome(TextChoices):
    """Who was right."""

    WORKER = "worker"
    PLATFORM = "platform"
