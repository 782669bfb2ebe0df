"""Inviting workers: an email with a token that works once. Nothing tells whether anybody has the address."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit import letters
from audit import services as audit
from audit.answers import forget_answers
from audit.letters import LetterKind, Message
from audit.models import Letter
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.emails import normal_email
from gigstream.lib.names import isolated
from platforms.enums import ConsentSource
from platforms.errors import InvitationRefused, TooManyInvitations
from platforms.models import Invitation, Platform
from platforms.services.consents import give_consent
from platforms.services.parties import require_active
from platforms.signals import invitations_accepted
from workers import services as workers
from workers.models import Worker
from workers.tokens import hash_email, hash_token, random_token

LIFE = timedelta(days=7)
MOST_A_DAY = 100
DAY = timedelta(days=1)
# Where platforms ask for an invitation; the answer repeats the address.
INVITE_PATH = "/api/v1/workers/invite"


@verb("invitation.create", "platform")
def invite_worker(*, platform_id: UUID, email: str, now: datetime | None = None) -> Invitation:
    """Whoever reads this address will be asked by email; the same again while that lasts is the same
    invitation and no other email.

    Raises TooManyInvitations after 100 in 24 hours, or the platform's standing.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform)
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
    letters.enqueue(INVITATION, invitation.pk, now=now)
    return invitation


def forget_invited(worker: Worker) -> None:
    """Delete what platforms keep of the email address of a worker who is being erased: open invitations, and
    the answers that name it."""
    digest = hash_email(worker.email)
    asked = Invitation.objects.filter(Q(worker=worker) | Q(email_hash=digest))
    for platform_id in set(asked.values_list("platform_id", flat=True)):
        forget_answers(caller=f"platform:{platform_id}", path=INVITE_PATH, naming=worker.email)
    asked.open().delete()


def _require_few(recent: QuerySet[Invitation], now: datetime) -> None:
    times = list(recent.values_list("created_at", flat=True)[:MOST_A_DAY])
    if len(times) == MOST_A_DAY:
        seconds = int((times[0] + DAY - now).total_seconds()) + 1
        raise TooManyInvitations(
            f"{MOST_A_DAY} invitations in 24 hours are the most", retry_after_seconds=seconds
        )


@verb("invitation.accept", "worker")
def accept_invitation(*, worker_id: UUID, token: str, now: datetime | None = None) -> Invitation:
    """The worker agrees to work for the platform, which is told so and may see and assign them. The token
    works once.

    Raises InvitationRefused, also for one that was sent to another address than the worker's; or the worker's
    standing.
    """
    return _accept(worker_id, Q(token_hash=hash_token(token)), now)


@verb("invitation.accept", "worker")
def accept_my_invitation(*, worker_id: UUID, invitation_id: UUID, now: datetime | None = None) -> Invitation:
    """Accept an invitation that was sent to the worker's address, as `accept_invitation` does by token."""
    return _accept(worker_id, Q(pk=invitation_id), now)


def invitations_to(worker: Worker) -> QuerySet[Invitation]:
    """Return the invitations that wait for the worker's answer: those sent to their email address."""
    return Invitation.objects.open().filter(
        email_hash=hash_email(worker.email), expires_at__gt=Now(), platform__deleted_at=None
    )


def _accept(worker_id: UUID, which: Q, now: datetime | None) -> Invitation:
    worker = Worker.objects.locked().get(pk=worker_id)
    workers.require_active(worker)
    now = now or database_now()
    own = Invitation.objects.open().filter(email_hash=hash_email(worker.email), expires_at__gt=now)
    invitation = own.filter(which).locked().first()
    if invitation is None:
        raise InvitationRefused(
            "the invitation is unknown, expired, used or was sent to another address than yours:"
            " ask the platform for a new one"
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
    """Send the letters that wait; return how many were sent. Invitations that have expired are deleted."""
    now = now or database_now()
    Invitation.objects.open().filter(expires_at__lte=now).delete()
    return letters.send_due(INVITATION, now=now)


def _write_invitation(letter: Letter, now: datetime) -> Message | None:
    """The letter with a new token, of which the row keeps the hash."""
    waiting = Invitation.objects.open().select_related("platform")
    waiting = waiting.filter(pk=letter.subject_id, expires_at__gt=now, platform__deleted_at=None)
    invitation = waiting.select_for_update(of=("self",), no_key=True).first()
    if invitation is None:
        return None
    token = make_token(invitation)
    subject = "You are invited to work and be paid through GigStream"
    return Message(invitation.email, subject, _text(invitation.platform.name, token))


def make_token(invitation: Invitation) -> str:
    """Return a new token for the invitation; only its hash is kept."""
    token = random_token("gi")
    invitation.token_hash = hash_token(token)
    invitation.save(update_fields=["token_hash"])
    return token


def _invitation_sent(letter: Letter, now: datetime) -> None:
    Invitation.objects.filter(pk=letter.subject_id).update(sent_at=now)


INVITATION = letters.register(
    LetterKind("invitation", "send_invitations", _write_invitation, sent=_invitation_sent, life=LIFE)
)


def _text(platform_name: str, token: str) -> str:
    url = settings.INVITATION_URL
    where = f"Open {url}#token={token}\n\n" if url else ""
    return (
        f"{isolated(platform_name)} would like to give you work and to pay you through GigStream.\n\n"
        f"{where}token: {token}\n\n"
        "Sign in or register there to accept; then they see your name and may give you tasks. It works once,"
        " within 7 days. If you do not want it, do nothing: they are told nothing.\n"
    )
