from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from platforms.events.services.events import NewEvent, publish_events
from platforms.invitations import payloads
from platforms.invitations.services import consents as consent_services
from platforms.invitations.services import invitations
from platforms.invitations.vocabulary import WORKER_INVITATION_ACCEPTED, WORKER_LEFT
from platforms.models import Consent, Invitation
from platforms.signals import (
    consents_ended,
    invitations_accepted,
)
from workers.models import Worker
from workers.signals import worker_deleted


@receiver(invitations_accepted)
def publish_invitations_accepted(invitations: Sequence[Invitation], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(
            invitation.platform_id,
            WORKER_INVITATION_ACCEPTED,
            payloads.of_invitation(invitation),
            now,
        )
        for invitation in invitations
    )


@receiver(consents_ended)
def publish_consents_ended(consents: Sequence[Consent], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(consent.platform_id, WORKER_LEFT, payloads.of_consent(consent), now)
        for consent in consents
    )


@receiver(worker_deleted)
def end_consents(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """End the consents of a worker whose account is closed, and delete their address from invitations."""
    consent_services.end_consents_of_worker(worker=worker, now=now)
    invitations.forget_invited(worker=worker)
