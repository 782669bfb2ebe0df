from audit.log.action_registry import register_actions

register_actions(
    {
        "payout.rediscover": "Payout found again after a restore",
        "withdrawal.rediscover": "Withdrawal found again after a restore",
    }
)
