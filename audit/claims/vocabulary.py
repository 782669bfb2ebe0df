from audit.log.action_registry import register_actions

register_actions(
    {
        "claim.release": "Waiting item given back",
        "claim.take": "Waiting item taken",
    }
)
