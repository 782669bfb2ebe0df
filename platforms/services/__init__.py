"""The verbs of the platforms app."""

from platforms.services.asking import ask_to_set_fee, cancel_or_ask, resolve_or_ask
from platforms.services.assignments import assign_task, decline_task, unassign_task
from platforms.services.bonus_limits import ask_to_set_bonus_limit, set_bonus_limit
from platforms.services.consents import give_consent, leave_platform
from platforms.services.deliveries import deliver_webhooks
from platforms.services.dispute_reminders import alarm_age, reminder_age, send_dispute_reminders
from platforms.services.disputes import dispute_task, require_undisputed, resolve_dispute
from platforms.services.endings import (
    approve_milestone,
    cancel_long_paused_task,
    cancel_task,
    complete_streamed_tasks,
    complete_task,
    rate_platform,
    rate_worker,
    start_task,
)
from platforms.services.events import Fact, record_events
from platforms.services.invitations import (
    accept_invitation,
    accept_my_invitation,
    invitations_to,
    invite_worker,
    make_token,
    send_invitations,
)
from platforms.services.parties import (
    correct_platform,
    create_api_key,
    delete_platform,
    give_wallet,
    lock_active_platform,
    register_platform,
    reinstate_platform,
    require_active,
    require_present,
    revoke_api_key,
    rotate_api_key,
    set_fee,
    set_request_limits,
    suspend_platform,
    touch_api_key,
)
from platforms.services.tasks import (
    MilestonePlan,
    TaskPlan,
    create_task,
    create_tasks,
)
from platforms.services.webhooks import (
    disable_webhook,
    enable_webhook,
    replay_event,
    replay_events,
    rotate_webhook_secret,
    send_test_event,
    set_webhook,
)
from platforms.services.withdrawal_addresses import (
    WithdrawalAddresses,
    require_withdrawal_address,
    set_withdrawal_address,
    withdrawal_addresses,
)
from platforms.services.work_batches import record_work_event, record_work_events
from platforms.services.work_events import WorkReport

__all__ = [
    "Fact",
    "MilestonePlan",
    "TaskPlan",
    "WithdrawalAddresses",
    "WorkReport",
    "accept_invitation",
    "accept_my_invitation",
    "alarm_age",
    "approve_milestone",
    "ask_to_set_bonus_limit",
    "ask_to_set_fee",
    "assign_task",
    "cancel_long_paused_task",
    "cancel_or_ask",
    "cancel_task",
    "complete_streamed_tasks",
    "complete_task",
    "correct_platform",
    "create_api_key",
    "create_task",
    "create_tasks",
    "decline_task",
    "delete_platform",
    "deliver_webhooks",
    "disable_webhook",
    "dispute_task",
    "enable_webhook",
    "give_consent",
    "give_wallet",
    "invitations_to",
    "invite_worker",
    "leave_platform",
    "lock_active_platform",
    "make_token",
    "rate_platform",
    "rate_worker",
    "record_events",
    "record_work_event",
    "record_work_events",
    "register_platform",
    "reinstate_platform",
    "reminder_age",
    "replay_event",
    "replay_events",
    "require_active",
    "require_present",
    "require_undisputed",
    "require_withdrawal_address",
    "resolve_dispute",
    "resolve_or_ask",
    "revoke_api_key",
    "rotate_api_key",
    "rotate_webhook_secret",
    "send_dispute_reminders",
    "send_invitations",
    "send_test_event",
    "set_bonus_limit",
    "set_fee",
    "set_request_limits",
    "set_webhook",
    "set_withdrawal_address",
    "start_task",
    "suspend_platform",
    "touch_api_key",
    "unassign_task",
    "withdrawal_addresses",
]
