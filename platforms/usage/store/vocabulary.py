from audit.log.action_registry import register_actions

register_actions(
    {
        "usage_store.switch": "Place of raw events switched",
    }
)
