from audit.log.action_registry import register_actions

register_actions(
    {
        "platform.set_withdrawal_address": "Withdrawal address named",
    }
)
