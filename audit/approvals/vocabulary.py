from audit.log.action_registry import register_actions

register_actions(
    {
        "approval.approve": "Request approved",
        "approval.expire": "Request expired",
        "approval.refuse": "Request refused",
        "approval.request": "Approval requested",
        "approval.withdraw": "Request withdrawn",
    }
)
