from audit.log.action_registry import register_actions
from platforms.events import registry as events
from platforms.platforms import scopes

scopes.register("workers")

WORKER_INVITATION_ACCEPTED = events.register(
    "worker.invitation_accepted", payload="invitation", scope="workers:read"
)
WORKER_LEFT = events.register("worker.left", payload="consent", scope="workers:read")

register_actions(
    {
        "consent.end": "Consent ended",
        "consent.give": "Consent given",
        "invitation.accept": "Invitation accepted",
        "invitation.create": "Invitation created",
    }
)
