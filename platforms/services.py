"""Services of the app, by subject."""

from platforms.catalogue.services.collections import (
    Place,
    change_collection,
    create_collection,
    delete_collection,
)
from platforms.catalogue.services.creators import (
    change_creator,
    close_creator,
    create_creator,
    verify_creator,
)
from platforms.catalogue.services.erasing import Erasure, erase_listener
from platforms.catalogue.services.follows import follow_creator, unfollow_creator
from platforms.catalogue.services.listener_keys import destroy_listener_keys, rotate_listener_keys
from platforms.catalogue.services.listeners import find_listener_refusal, resolve_listeners
from platforms.catalogue.services.works import (
    WorkPlan,
    change_work,
    move_work,
    publish_work,
    set_work_price,
    set_work_rate,
    withdraw_work,
)
from platforms.events.services.deliveries import deliver_webhooks
from platforms.events.services.events import NewEvent, publish_events
from platforms.events.services.webhooks import (
    disable_webhook,
    enable_webhook,
    replay_event,
    replay_events,
    rotate_webhook_secret,
    send_test_event,
    set_webhook,
)
from platforms.invitations.services.consents import give_consent, leave_platform
from platforms.invitations.services.invitations import (
    accept_invitation,
    accept_my_invitation,
    invitations_to,
    invite_worker,
    make_token,
    send_invitations,
)
from platforms.platforms.approvals import request_fee
from platforms.platforms.services.bonus_limits import request_bonus_limit, set_bonus_limit
from platforms.platforms.services.key_uses import note_key_use, write_key_uses
from platforms.platforms.services.platforms import (
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
)
from platforms.tasks.approvals import cancel_or_request, resolve_or_request
from platforms.tasks.services.assignments import assign_task, decline_task, unassign_task
from platforms.tasks.services.completion import (
    approve_milestone,
    cancel_long_paused_task,
    cancel_task,
    complete_streamed_tasks,
    complete_task,
    rate_platform,
    rate_worker,
    start_task,
)
from platforms.tasks.services.dispute_reminders import alarm_age, reminder_age, send_dispute_reminders
from platforms.tasks.services.disputes import dispute_task, require_undisputed, resolve_dispute
from platforms.tasks.services.tasks import MilestonePlan, TaskPlan, create_task, create_tasks
from platforms.tasks.services.work_batches import record_work_event, record_work_events
from platforms.tasks.services.work_events import WorkReport
from platforms.usage.services.corrections import (
    Amendment,
    EventRef,
    amend_usage,
    backfill_usage,
    revert_correction,
    void_usage,
)
from platforms.usage.services.ingest import report_usage
from platforms.usage.services.marking import (
    contest_finding,
    decide_finding,
    find_artificial_use,
    set_usage_rule,
)
from platforms.usage.services.months import archive_month, attach_month, keep_usage_partitions, make_months
from platforms.usage.services.outcomes import UsageResult
from platforms.usage.services.pruning import prune_listener_days
from platforms.usage.services.rebuilding import rebuild_days
from platforms.usage.services.receipts import rotate_signing_key
from platforms.usage.store.services.copying import copy_usage
from platforms.usage.store.services.switching import compare_stores, switch_usage_store
from platforms.usage.store.services.writing import write_usage_store
from platforms.withdrawal_addresses.services import (
    WithdrawalAddresses,
    require_withdrawal_address,
    set_withdrawal_address,
    withdrawal_addresses,
)

__all__ = [
    "Amendment",
    "Erasure",
    "EventRef",
    "MilestonePlan",
    "NewEvent",
    "Place",
    "TaskPlan",
    "UsageResult",
    "WithdrawalAddresses",
    "WorkPlan",
    "WorkReport",
    "accept_invitation",
    "accept_my_invitation",
    "alarm_age",
    "amend_usage",
    "approve_milestone",
    "archive_month",
    "assign_task",
    "attach_month",
    "backfill_usage",
    "cancel_long_paused_task",
    "cancel_or_request",
    "cancel_task",
    "change_collection",
    "change_creator",
    "change_work",
    "close_creator",
    "compare_stores",
    "complete_streamed_tasks",
    "complete_task",
    "contest_finding",
    "copy_usage",
    "correct_platform",
    "create_api_key",
    "create_collection",
    "create_creator",
    "create_task",
    "create_tasks",
    "decide_finding",
    "decline_task",
    "delete_collection",
    "delete_platform",
    "deliver_webhooks",
    "destroy_listener_keys",
    "disable_webhook",
    "dispute_task",
    "enable_webhook",
    "erase_listener",
    "find_artificial_use",
    "find_listener_refusal",
    "follow_creator",
    "give_consent",
    "give_wallet",
    "invitations_to",
    "invite_worker",
    "keep_usage_partitions",
    "leave_platform",
    "lock_active_platform",
    "make_months",
    "make_token",
    "move_work",
    "note_key_use",
    "prune_listener_days",
    "publish_events",
    "publish_work",
    "rate_platform",
    "rate_worker",
    "rebuild_days",
    "record_work_event",
    "record_work_events",
    "register_platform",
    "reinstate_platform",
    "reminder_age",
    "replay_event",
    "replay_events",
    "report_usage",
    "request_bonus_limit",
    "request_fee",
    "require_active",
    "require_present",
    "require_undisputed",
    "require_withdrawal_address",
    "resolve_dispute",
    "resolve_listeners",
    "resolve_or_request",
    "revert_correction",
    "revoke_api_key",
    "rotate_api_key",
    "rotate_listener_keys",
    "rotate_signing_key",
    "rotate_webhook_secret",
    "send_dispute_reminders",
    "send_invitations",
    "send_test_event",
    "set_bonus_limit",
    "set_fee",
    "set_request_limits",
    "set_usage_rule",
    "set_webhook",
    "set_withdrawal_address",
    "set_work_price",
    "set_work_rate",
    "start_task",
    "suspend_platform",
    "switch_usage_store",
    "unassign_task",
    "unfollow_creator",
    "verify_creator",
    "void_usage",
    "withdraw_work",
    "withdrawal_addresses",
    "write_key_uses",
    "write_usage_store",
]
