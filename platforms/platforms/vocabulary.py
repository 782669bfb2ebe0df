from audit.log.action_registry import register_actions
from platforms.platforms import scopes

scopes.register("keys")

register_actions(
    {
        "api_key.create": "API key created",
        "api_key.revoke": "API key revoked",
        "api_key.rotate": "API key rotated",
        "platform.delete": "Platform deleted",
        "platform.edit": "Name or contact of a platform corrected",
        "platform.give_wallet": "Custody wallet given to a platform",
        "platform.register": "Platform registered",
        "platform.reinstate": "Platform reinstated",
        "platform.set_bonus_limit": "Bonus limit set",
        "platform.set_fee": "Fee set",
        "platform.set_request_limits": "Request limits set",
        "platform.suspend": "Platform suspended",
    }
)
