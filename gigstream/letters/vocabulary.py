from audit.log.action_registry import register_actions

register_actions(
    {
        "letter.give_up": "Letter given up",
    }
)
