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


class WorkEventType(TextChoices):
    """The facts that a platform can report about a task."""

    STARTED = "started"
    MILESTONE_REACHED = "milestone_reached"
    COMPLETED = "completed"
    BONUS = "bonus"


class ApiScope(TextChoices):
    """What an API key may be good for."""

    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    STREAMS_READ = "streams:read"
    STREAMS_WRITE = "streams:write"
    MONEY_READ = "money:read"
    MONEY_WRITE = "money:write"
    WORKERS_READ = "workers:read"
    WORKERS_WRITE = "workers:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"


def every_scope() -> list[str]:
    """What a key may do unless its maker says less."""
    return list(ApiScope.values)


class DisputeOutcome(TextChoices):
    """Who was right."""

    WORKER = "worker"
    PLATFORM = "platform"
