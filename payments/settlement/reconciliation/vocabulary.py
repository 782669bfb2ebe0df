from audit.log.action_registry import register_actions

register_actions(
    {
        "discrepancy.explain": "Discrepancy explained",
        "discrepancy.open": "Discrepancy found",
    }
)
