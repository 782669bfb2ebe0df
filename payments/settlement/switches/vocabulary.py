from audit.log.action_registry import register_actions

register_actions(
    {
        "payments.go_on": "Payouts resumed",
        "payments.stop": "Payouts stopped",
    }
)
