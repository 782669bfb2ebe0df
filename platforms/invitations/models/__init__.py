from platforms.invitations.models.consents import Consent
from platforms.invitations.models.invitations import Invitation

__all__ = ["Consent", "Invitation"]
