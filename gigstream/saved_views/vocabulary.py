from audit.log.action_registry import register_actions

register_actions(
    {
        "saved_view.delete": "Shared view deleted",
        "saved_view.rename": "Shared view renamed",
        "saved_view.replace": "Conditions of a shared view replaced",
        "saved_view.save": "Shared view saved",
        "saved_view.share": "View shared",
        "saved_view.withdraw": "Shared view made private",
    }
)
