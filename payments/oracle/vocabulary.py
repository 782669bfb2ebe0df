from audit.log.action_registry import register_actions
from platforms.events import registry as events

ORACLE_SYNCED = events.register("oracle.synced", payload="chain operation", scope="catalogue:read")
ORACLE_FAILED = events.register("oracle.failed", payload="chain operation", scope="catalogue:read")

register_actions(
    {
        "oracle.confirm": "Operation on the chain confirmed",
        "oracle.create": "Operation on the chain created",
        "oracle.create_token": "Token of a creator requested",
        "oracle.differ": "Numbers on the chain differ",
        "oracle.give_up": "Operation on the chain given up",
        "oracle.record_distribution": "Record of a distribution requested",
        "oracle.retry": "Operation on the chain retried",
        "oracle.submit": "Operation on the chain submitted",
        "oracle.try_again": "Operation on the chain tried in another round",
        "oracle.use_up_gas": "Budget for gas used up",
    }
)
