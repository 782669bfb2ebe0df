from audit.log.action_registry import register_actions

register_actions(
    {
        "wallet.park": "Order of a wallet set aside",
    }
)
