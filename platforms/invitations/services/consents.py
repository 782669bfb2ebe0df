"""Consents: given when a worker accepts, ended by either side, required before a task is assigned.

Each change of a consent locks the worker's row first, so that an assignment, which locks it too, sees the
consent as it is.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.invitations.enums import ConsentSource
from platforms.invitations.errors import NoConsent, WorkerNotFound
from platforms.invitations.models.consents import Consent
from platforms.models import Platform
from platforms.signals import consents_ended
from platforms.tasks.enums import PartySide
from platforms.tasks.errors import NOTHING_HERE
from workers import services as workers
from workers.models import Worker


@verb("consent.give", "worker")
def give_consent(
    *, worker_id: UUID, platform_id: UUID, source: ConsentSource, now: datetime | None = None
) -> Consent:
    """Return the worker's open consent to work for the platform, made now unless it exists.

    Raises WorkerDeleted or WorkerSuspended.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    workers.require_active(worker=worker)
    present = Consent.objects.open().filter(worker=worker, platform=platform_id).first()
    if present is not None:
        return present
    now = now or database_now()
    consent = Consent.objects.create(
        platform_id=platform_id, worker=worker, source=source, accepted_at=now, created_at=now
    )
    audit.record(
        "consent.give",
        worker,
        after={"consent": consent.pk, "platform": platform_id, "source": source},
        now=now,
    )
    return consent


@verb("consent.end", "worker")
def leave_platform(*, worker_id: UUID, platform_id: UUID, now: datetime | None = None) -> Consent:
    """End the worker's consent: the platform assigns nothing new. Tasks already assigned go on.

    Raises NoConsent.
    """
    worker = Worker.objects.locked().get(pk=worker_id)
    consent = Consent.objects.open().filter(worker=worker, platform=platform_id).first()
    if consent is None:
        raise NoConsent(NOTHING_HERE)
    now = now or database_now()
    _end_consents([consent], PartySide.WORKER, now)
    audit.record("consent.end", worker, after={"consent": consent.pk, "platform": platform_id}, now=now)
    consents_ended.send(sender=Consent, consents=[consent], now=now)
    return consent


def end_consents_of_worker(*, worker: Worker, now: datetime) -> None:
    """End every consent of a worker whose account is being closed. The caller has locked the worker."""
    consents = list(Consent.objects.open().filter(worker=worker).locked())
    _end_consents(consents, PartySide.WORKER, now)
    consents_ended.send(sender=Consent, consents=consents, now=now)


def end_consents_of_platform(*, platform: Platform, now: datetime) -> None:
    """End every consent given to a platform whose account is being closed."""
    _end_consents(Consent.objects.open().filter(platform=platform).locked(), PartySide.PLATFORM, now)


def _end_consents(consents: Iterable[Consent], by: PartySide, now: datetime) -> None:
    for consent in consents:
        consent.ended_at, consent.ended_by = now, by
        consent.save(update_fields=["ended_at", "ended_by"])


def lock_consenting_worker(*, worker_id: UUID, platform_id: UUID, now: datetime) -> Worker:
    """Lock the worker and return them if the platform may assign to them at `now`.

    Raises WorkerNotFound, in the same words and by the same statements, for an id that nobody has and for a
    worker without an open consent; WorkerDeleted or WorkerSuspended.
    """
    worker = Worker.objects.locked().filter(pk=worker_id).first()
    consented = Consent.objects.in_force_at(now).filter(worker=worker_id, platform=platform_id).exists()
    if worker is None or not consented:
        raise WorkerNotFound(NOTHING_HERE)
    workers.require_active(worker=worker)
    return worker
