from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes
from platforms.tasks.enums import DisputeOutcome

scopes.register("tasks")

_SCOPE = "tasks:read"

TASK_CREATED = events.register("task.created", payload="task, `description`", scope=_SCOPE)
TASK_ASSIGNED = events.register("task.assigned", payload="task", scope=_SCOPE)
TASK_UNASSIGNED = events.register("task.unassigned", payload="task, `former_worker_id`", scope=_SCOPE)
TASK_DECLINED = events.register("task.declined", payload="task, `former_worker_id`", scope=_SCOPE)
TASK_UPDATED = events.register("task.updated", payload="task", scope=_SCOPE)
TASK_STARTED = events.register("task.started", payload="task", scope=_SCOPE)
TASK_MILESTONE_APPROVED = events.register("task.milestone_approved", payload="task", scope=_SCOPE)
TASK_COMPLETED = events.register("task.completed", payload="task, `completion_proof`", scope=_SCOPE)
TASK_CANCELLED = events.register("task.cancelled", payload="task", scope=_SCOPE)
TASK_DISPUTED = events.register("task.disputed", payload="task, `dispute`", scope=_SCOPE)
TASK_RESOLVED = events.register("task.resolved", payload="task, `dispute`", scope=_SCOPE)
TASK_RATED = events.register("task.rated", payload="task", scope=_SCOPE)

register_actions(
    {
        "task.approve_milestone": "Milestone approved",
        "task.assign": "Task assigned",
        "task.cancel": "Task cancelled",
        "task.complete": "Task completed",
        "task.create": "Task created",
        "task.decline": "Task declined",
        "task.dispute": "Task disputed",
        "task.rate": "Worker rated",
        "task.rate_platform": "Platform rated",
        "task.resolve": "Dispute resolved",
        "task.start": "Task started",
        "task.unassign": "Task unassigned",
        "work_event.record": "Work event reported",
    }
)

DISPUTE = rules.register(
    "task.dispute",
    1,
    "Staff decide a dispute: for the worker, for the platform, or for nobody. They split the money that the"
    " task still holds; pay that was released before stays with the worker.",
    inputs={
        "side": "the side that filed the dispute",
        "severity": "its severity, 1 to 5",
        "held": "the money that the task still held, in USDC",
        "worker_amount": "the worker's part of it, in USDC",
    },
    effect={
        DisputeOutcome.WORKER: "The task is completed, and the platform was at fault.",
        DisputeOutcome.PLATFORM: "The task is cancelled, the worker was at fault and loses reputation.",
        DisputeOutcome.NOBODY: "The task is completed if it was before, else cancelled. Nobody was at fault.",
    },
    who_decides=WhoDecides.PERSON,
)
