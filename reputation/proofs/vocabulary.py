from audit.log.action_registry import register_actions

register_actions(
    {
        "quest.name_transaction": "Transaction named for a quest",
        "worker.name_referrer": "Referrer named",
    }
)
