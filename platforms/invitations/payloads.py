from typing import Any

from platforms.models import Consent, Invitation


def of_invitation(invitation: Invitation) -> dict[str, Any]:
    """Return the accepted invitation, with its worker."""
    return {
        "id": invitation.pk,
        "worker_id": invitation.worker_id,
        "created_at": invitation.created_at,
        "accepted_at": invitation.accepted_at,
    }


def of_consent(consent: Consent) -> dict[str, Any]:
    """Return the consent, with its worker and times."""
    return {
        "worker_id": consent.worker_id,
        "accepted_at": consent.accepted_at,
        "ended_at": consent.ended_at,
        "ended_by": consent.ended_by,
    }
