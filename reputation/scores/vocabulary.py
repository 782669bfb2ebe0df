from audit.log.action_registry import register_actions
from platforms.events import registry as events

WORKER_REPUTATION_CHANGED = events.register(
    "worker.reputation_changed",
    payload="`worker_id`, `previous_score`, `score`, `changed_at`",
    scope="workers:read",
)

register_actions(
    {
        "reputation.adjust": "Adjustment of a reputation",
        "reputation.change": "Reputation changed",
    }
)
