from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("catalogue")

_SCOPE = "catalogue:read"

CREATOR_VERIFIED = events.register("creator.verified", payload="creator", scope=_SCOPE)
CREATOR_CLOSED = events.register("creator.closed", payload="creator", scope=_SCOPE)
WORK_PUBLISHED = events.register("work.published", payload="work", scope=_SCOPE)
WORK_MOVED = events.register("work.moved", payload="work, `former_creator_id`", scope=_SCOPE)
WORK_WITHDRAWN = events.register("work.withdrawn", payload="work", scope=_SCOPE)

register_actions(
    {
        "collection.change": "Collection changed",
        "collection.create": "Collection created",
        "collection.delete": "Collection deleted",
        "creator.change": "Creator changed",
        "creator.close": "Creator closed",
        "creator.create": "Creator profile created",
        "creator.verify": "Creator verified",
        "follow.begin": "Creator followed",
        "follow.end": "Creator no longer followed",
        "listener.erase": "Listener erased",
        "listener_key.destroy": "Key of listeners destroyed",
        "listener_key.retire": "Key of listeners retired",
        "work.change": "Work changed",
        "work.move": "Work moved to another creator",
        "work.publish": "Work published",
        "work.set_price": "Price of a work set",
        "work.set_rate": "Rate of a work set",
        "work.withdraw": "Work withdrawn",
    }
)
