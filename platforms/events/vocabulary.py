from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("events")

WEBHOOK_PING = events.register("webhook.ping", payload="`platform_id`", scope="events:read")

register_actions(
    {
        "webhook.disable": "Webhook disabled",
        "webhook.enable": "Webhook enabled",
        "webhook.replay": "Events sent again",
        "webhook.rotate_secret": "Webhook secret rotated",
        "webhook.set": "Webhook address set",
        "webhook.test": "Test event sent",
    }
)
