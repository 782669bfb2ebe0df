from audit.log.action_registry import register_actions

register_actions(
    {
        "demo.seeded": "Demo completed",
        "encryption.rotate": "Encryption key rotated",
        "list.export": "List exported",
    }
)
