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
    WITHDRAWALS_WRITE = "withdrawals:write"


# Scopes that a key has only when its maker names them.
NAMED_SCOPES = frozenset({ApiScope.WITHDRAWALS_WRITE})


def default_scopes() -> list[str]:
    """Return what a key may do unless its maker names its scopes."""
    return [scope.value for scope in ApiScope if scope not in NAMED_SCOPES]


class DisputeSide(TextChoices):
    """Who filed a dispute."""

    WORKER = "worker"
    PLATFORM = "platform"


class DisputeOutcome(TextChoices):
    """Who was right. Only `platform` is a decision against the worker."""

    WORKER = "worker"
    PLATFORM = "platform"
    NOBODY = "nobody"


class PartySide(TextChoices):
    """Who did something to a task or a consent."""

    WORKER = "worker"
    PLATFORM = "platform"
    STAFF = "staff"
    SYSTEM = "system"


class Fault(TextChoices):
    """Whose fault it was that a task did not end well, once that is decided."""

    WORKER = "worker"
    PLATFORM = "platform"
    NOBODY = "nobody"


class ConsentSource(TextChoices):
    """What a worker accepted when they agreed to work for a platform."""

    INVITATION = "invitation"
    OFFER = "offer"


class PayoutStatus(TextChoices):
    """How much of a task's pay has reached its worker's wallet (docs/decisions/payouts.md)."""

    NONE = "none"
    PARTLY = "partly"
    UNDER_WAY = "under_way"
    PAID = "paid"


class EventType(TextChoices):
    """What a platform is told (docs/decisions/events.md). `webhook.ping` tells nothing: it tests the way."""

    TASK_CREATED = "task.created"
    TASK_ASSIGNED = "task.assigned"
    TASK_UNASSIGNED = "task.unassigned"
    TASK_DECLINED = "task.declined"
    TASK_STARTED = "task.started"
    TASK_MILESTONE_APPROVED = "task.milestone_approved"
    TASK_COMPLETED = "task.completed"
    TASK_CANCELLED = "task.cancelled"
    TASK_DISPUTED = "task.disputed"
    TASK_RESOLVED = "task.resolved"
    TASK_RATED = "task.rated"
    TASK_UPDATED = "task.updated"
    STREAM_OPENED = "stream.opened"
    STREAM_RELEASED = "stream.released"
    STREAM_PAUSED = "stream.paused"
    STREAM_RESUMED = "stream.resumed"
    STREAM_TOPPED_UP = "stream.topped_up"
    STREAM_COMPLETED = "stream.completed"
    STREAM_CANCELLED = "stream.cancelled"
    TRANSACTION_SUBMITTED = "transaction.submitted"
    TRANSACTION_CONFIRMED = "transaction.confirmed"
    TRANSACTION_FAILED = "transaction.failed"
    WORKER_REPUTATION_CHANGED = "worker.reputation_changed"
    WORKER_INVITATION_ACCEPTED = "worker.invitation_accepted"
    WORKER_LEFT = "worker.left"
    LOAN_REQUESTED = "loan.requested"
    LOAN_APPROVED = "loan.approved"
    LOAN_DISBURSED = "loan.disbursed"
    LOAN_ACTIVATED = "loan.activated"
    LOAN_REPAID = "loan.repaid"
    LOAN_DEFAULTED = "loan.defaulted"
    LOAN_WRITTEN_OFF = "loan.written_off"
    LOAN_CANCELLED = "loan.cancelled"
    BALANCE_LOW = "balance.low"
    WITHDRAWAL_REQUESTED = "withdrawal.requested"
    WITHDRAWAL_SENT = "withdrawal.sent"
    WITHDRAWAL_CONFIRMED = "withdrawal.confirmed"
    WITHDRAWAL_FAILED = "withdrawal.failed"
    WITHDRAWAL_STOPPED = "withdrawal.stopped"
    WEBHOOK_PING = "webhook.ping"


class DeliveryStatus(TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    BLOCKED = "blocked"


# What has ended becomes pending again by a replay only.
DELIVERY_MOVES = {
    DeliveryStatus.PENDING: frozenset(
        {DeliveryStatus.DELIVERED, DeliveryStatus.DEAD, DeliveryStatus.BLOCKED}
    ),
    DeliveryStatus.DELIVERED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.DEAD: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.BLOCKED: frozenset({DeliveryStatus.PENDING}),
}


class DeliveryError(TextChoices):
    """Why an attempt did not count. A platform sees this, never what its server answered."""

    STATUS = "status", "answered, but not with 2xx"
    BLOCKED_ADDRESS = "blocked_address", "the name leads to a forbidden address, or the URL is not allowed"
    UNRESOLVED = "unresolved", "the name has no address"
    CONNECTION = "connection", "no connection, or it broke"
    TLS = "tls", "no valid certificate for the name"
    TIMEOUT = "timeout", "no answer in time"
    PROTOCOL = "protocol", "the answer was no HTTP, or too long"
    DISABLED = "disabled", "the webhook was switched off"
