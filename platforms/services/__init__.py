"""The verbs of the platforms app."""

from platforms.services.disputes import dispute_task, require_undisputed, resolve_dispute
from platforms.services.endings import (
    approve_milestone,
    cancel_task,
    complete_streamed_tasks,
    complete_task,
    rate_platform,
    rate_worker,
)
from platforms.services.parties import (
    create_api_key,
    delete_platform,
    register_platform,
    reinstate_platform,
    require_active,
    revoke_api_key,
    rotate_api_key,
    set_fee,
    suspend_platform,
    touch_api_key,
)
from platforms.services.tasks import (
    MilestonePlan,
    TaskPlan,
    assign_task,
    create_task,
    create_tasks,
    start_task,
)
from platforms.services.work_batches import record_work_events
from platforms.services.work_events import WorkReport, record_work_event

__all__ = [
    "MilestonePlan",
    "TaskPlan",
    "WorkReport",
    "approve_milestone",
    "assign_task",
    "cancel_task",
    "complete_streamed_tasks",
    "complete_task",
    "create_api_key",
    "create_task",
    "create_tasks",
    "delete_platform",
    "dispute_task",
    "rate_platform",
    "rate_worker",
    "record_work_event",
    "record_work_events",
    "register_platform",
    "reinstate_platform",
    "require_active",
    "require_undisputed",
    "resolve_dispute",
    "revoke_api_key",
    "rotate_api_key",
    "set_fee",
    "start_task",
    "suspend_platform",
    "touch_api_key",
]
