from audit.log.action_registry import register_actions

register_actions(
    {
        "statement.export": "Statement exported",
    }
)
