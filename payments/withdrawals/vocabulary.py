from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("withdrawals", verbs=[scopes.WRITE], named_only=True)

_SCOPE = "money:read"

WITHDRAWAL_REQUESTED = events.register("withdrawal.requested", payload="transaction", scope=_SCOPE)
WITHDRAWAL_SENT = events.register("withdrawal.sent", payload="transaction", scope=_SCOPE)
WITHDRAWAL_CONFIRMED = events.register("withdrawal.confirmed", payload="transaction", scope=_SCOPE)
WITHDRAWAL_FAILED = events.register("withdrawal.failed", payload="transaction", scope=_SCOPE)
WITHDRAWAL_STOPPED = events.register("withdrawal.stopped", payload="transaction", scope=_SCOPE)

register_actions(
    {
        "withdrawal.release": "Withdrawal released early",
        "withdrawal.request": "Withdrawal requested",
        "withdrawal.stop": "Withdrawal stopped",
    }
)
