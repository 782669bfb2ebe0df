"""Invitations of workers: an email with a token that works once. No answer shows whether the address is
known."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from audit.log import services as audit
from audit.log.services import verb
from gigstream.api.idempotency import delete_responses
from gigstream.core.clock import DatabaseNow, database_now
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import isolate_name
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from gigstream.sign_in.tokens import hash_email, hash_token, random_token
from platforms.invitations.enums import ConsentSource
from platforms.invitations.errors import InvitationRefused, TooManyInvitations
from platforms.invitations.services.consents import give_consent
from platforms.models import Invitation, Platform
from platforms.platforms.services.platforms import require_active
from platforms.signals import invitations_accepted
from workers import services as workers
from workers.models import Worker

LIFE = timedelta(days=7)
MOST_A_DAY = 100
DAY = timedelta(days=1)
# The address at which platforms invite; the stored answers repeat the email address.
INVITE_PATH = "/api/v1/workers/invite"


@verb("invitation.create", "platform")
def invite_worker(*, platform_id: UUID, email: str, now: datetime | None = None) -> Invitation:
    """Return an invitation to this address, which is sent by email. While it is open, a repetition returns it
    and sends no other email.

    Raises TooManyInvitations after 100 in 24 hours, PlatformDeleted or PlatformSuspended.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    now = now or database_now()
    email = normal_email(email)
    own = Invitation.objects.filter(platform=platform)
    same = own.open().filter(email_hash=hash_email(email)).first()
    if same is not None and same.expires_at > now:
        return same
    _require_few(own.filter(created_at__gt=now - DAY).order_by("created_at"), now)
    if same is not None:
        same.delete()
    invitation = Invitation.objects.create(
        platform=platform, email=email, email_hash=hash_email(email), created_at=now, expires_at=now + LIFE
    )
    audit.record("invitation.create", platform, metadata={"invitation": invitation.pk}, now=now)
    enqueue_letter(INVITATION, invitation.pk, now=now)
    return invitation


def forget_invited(*, worker: Worker) -> None:
    """Delete the platforms' traces of the email address of a worker who is being erased: open invitations,
    and stored answers that contain it."""
    digest = hash_email(worker.email)
    mentioning = Invitation.objects.filter(Q(worker=worker) | Q(email_hash=digest))
    for platform_id in set(mentioning.values_list("platform_id", flat=True)):
        delete_responses(caller=f"platform:{platform_id}", path=INVITE_PATH, naming=worker.email)
    mentioning.open().delete()


def _require_few(recent: QuerySet[Invitation], now: datetime) -> None:
    times = list(recent.values_list("created_at", flat=True)[:MOST_A_DAY])
    if len(times) == MOST_A_DAY:
        seconds = int((times[0] + DAY - now).total_seconds()) + 1
        raise TooManyInvitations(
            f"{MOST_A_DAY} invitations in 24 hours are the most", retry_after_seconds=seconds
        )


@verb("invitation.accept", "worker")
def accept_invitation(*, worker_id: UUID, token: str, now: datetime | None = None) -> Invitation:
    """Record the worker's consent to work for the platform, which may see and assign them from now on and
    gets an event. The token works once.

    Raises InvitationRefused, also for a token that was sent to another address than the worker's;
    WorkerDeleted or WorkerSuspended.
    """
    return _accept_matching(worker_id, Q(token_hash=hash_token(token)), now)


@verb("invitation.accept", "worker")
def accept_my_invitation(*, worker_id: UUID, invitation_id: UUID, now: datetime | None = None) -> Invitation:
    """Accept an invitation that was sent to the worker's address, as `accept_invitation` does by token."""
    return _accept_matching(worker_id, Q(pk=invitation_id), now)


def invitations_to(*, worker: Worker) -> QuerySet[Invitation]:
    """Return the invitations to the worker's email address that wait for an answer."""
    return Invitation.objects.open().filter(
        email_hash=hash_email(worker.email), expires_at__gt=DatabaseNow(), platform__deleted_at=None
    )


def _accept_matching(worker_id: UUID, which: Q, now: datetime | None) -> Invitation:
    worker = Worker.objects.locked().get(pk=worker_id)
    workers.require_active(worker=worker)
    now = now or database_now()
    own = Invitation.objects.open().filter(email_hash=hash_email(worker.email), expires_at__gt=now)
    invitation = own.filter(which).locked().first()
    if invitation is None:
        raise InvitationRefused(
            "the invitation is unknown, expired, used or was sent to another address than yours:"
            " request a new one from the platform"
        )
    invitation.worker, invitation.accepted_at = worker, now
    invitation.email = invitation.email_hash = ""
    invitation.save()
    give_consent(
        worker_id=worker.pk, platform_id=invitation.platform_id, source=ConsentSource.INVITATION, now=now
    )
    audit.record(
        "invitation.accept",
        worker,
        metadata={"invitation": invitation.pk, "platform": invitation.platform_id},
        now=now,
    )
    invitations_accepted.send(sender=Invitation, invitations=[invitation], now=now)
    return invitation


def send_invitations(*, now: datetime | None = None) -> int:
    """Send the waiting letters; return how many were sent. Expired invitations are deleted."""
    now = now or database_now()
    Invitation.objects.open().filter(expires_at__lte=now).delete()
    return send_due_letters(INVITATION, now=now)


def _write_invitation(letter: Letter, now: datetime) -> Message | None:
    """Return the letter with a new token, of which the row keeps the hash."""
    waiting = Invitation.objects.open().select_related("platform")
    waiting = waiting.filter(pk=letter.subject_id, expires_at__gt=now, platform__deleted_at=None)
    invitation = waiting.select_for_update(of=("self",), no_key=True).first()
    if invitation is None:
        return None
    token = make_token(invitation=invitation)
    subject = "You are invited to work and be paid through GigStream"
    return Message(invitation.email, subject, _letter_text(invitation.platform.name, token))


def make_token(*, invitation: Invitation) -> str:
    """Return a new token for the invitation; only its hash is kept."""
    token = random_token("gi")
    invitation.token_hash = hash_token(token)
    invitation.save(update_fields=["token_hash"])
    return token


def _invitation_sent(letter: Letter, now: datetime) -> None:
    Invitation.objects.filter(pk=letter.subject_id).update(sent_at=now)


INVITATION = register_letter_kind(
    LetterKind("invitation", "send_invitations", _write_invitation, sent=_invitation_sent, life=LIFE)
)


def _letter_text(platform_name: str, token: str) -> str:
    url = settings.INVITATION_URL
    where = f"Open {url}#token={token}\n\n" if url else ""
    return (
        f"{isolate_name(platform_name)} would like to give you work and to pay you through GigStream.\n\n"
        f"{where}token: {token}\n\n"
        "Sign in or register there to accept; then they see your name and may give you tasks. It works once,"
        " within 7 days. If you do not want it, do nothing: they are not notified.\n"
    )
