from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("streams")

_SCOPE = "streams:read"

STREAM_OPENED = events.register("stream.opened", payload="stream", scope=_SCOPE)
STREAM_RELEASED = events.register("stream.released", payload="releases", scope=_SCOPE)
STREAM_PAUSED = events.register("stream.paused", payload="stream", scope=_SCOPE)
STREAM_RESUMED = events.register("stream.resumed", payload="stream", scope=_SCOPE)
STREAM_TOPPED_UP = events.register("stream.topped_up", payload="stream", scope=_SCOPE)
STREAM_COMPLETED = events.register("stream.completed", payload="stream", scope=_SCOPE)
STREAM_CANCELLED = events.register("stream.cancelled", payload="stream", scope=_SCOPE)

register_actions(
    {
        "stream.cancel": "Stream cancelled",
        "stream.claim": "Vested pay claimed",
        "stream.complete": "Stream completed",
        "stream.open": "Stream opened",
        "stream.park": "Stream parked for staff",
        "stream.pause": "Stream paused",
        "stream.release": "Stream pay released",
        "stream.resume": "Stream resumed",
        "stream.settle": "Stream settled at its end",
        "stream.top_up": "Stream topped up",
        "stream.unpark": "Parked stream released again",
    }
)
