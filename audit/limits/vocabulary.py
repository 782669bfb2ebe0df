from audit.log.action_registry import register_actions

register_actions(
    {
        "limit.change": "Limit changed",
    }
)
