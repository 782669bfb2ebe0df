"""Inviting workers: an email with a token that works once. Nothing tells whether anybody has the address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit import services as audit
from audit.jobs import ring
from audit.services import verb
from gigstream.lib import letters
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
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
SENT_AT_ONCE = 50


@verb("invitation.create", "platform")
def invite_worker(*, platform_id: UUID, email: str, now: datetime | None = None) -> Invitation:
    """Whoever reads this address will be asked by email; the same again while that lasts is the same
    invitation and no other email.

    Raises TooManyInvitations after 100 in 24 hours, or the platform's standing.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform)
    now = now or database_now()
    email = email.strip().lower()
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
    ring("send_invitations")
    return invitation


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


@dataclass(frozen=True, slots=True)
class _Letter:
    invitation_id: UUID
    to: str
    platform: str
    token: str


def send_invitations(*, now: datetime | None = None) -> int:
    """Every pending email is on its way; returns how many were sent. One that fails is tried again until its
    invitation has expired; those that have expired are gone."""
    now = now or database_now()
    Invitation.objects.open().filter(expires_at__lte=now).delete()
    return sum(_send(letter) for letter in _write_letters(now=now))


@atomic_with_retry
def _write_letters(*, now: datetime) -> list[_Letter]:
    """Tokens for the invitations that wait, committed before anything is sent."""
    waiting = (
        Invitation.objects.open()
        .select_related("platform")
        .filter(sent_at=None, platform__deleted_at=None)
        .order_by("created_at")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)[:SENT_AT_ONCE]
    )
    written = []
    for invitation in waiting:
        token = make_token(invitation, now=now)
        written.append(_Letter(invitation.pk, invitation.email, invitation.platform.name, token))
    return written


def make_token(invitation: Invitation, *, now: datetime) -> str:
    """Return a new token for the invitation; only its hash is kept."""
    token = random_token("gi")
    invitation.token_hash, invitation.sent_at = hash_token(token), now
    invitation.save(update_fields=["token_hash", "sent_at"])
    return token


def _send(letter: _Letter) -> int:
    subject = "You are invited to work and be paid through GigStream"
    about = f"invitation {letter.invitation_id}"
    if letters.send(subject, _text(letter), letter.to, about=about):
        return 1
    Invitation.objects.filter(pk=letter.invitation_id).update(sent_at=None)
    return 0


def _text(letter: _Letter) -> str:
    url = settings.INVITATION_URL
    where = f"Open {url}#token={letter.token}" if url else letter.token
    name = " ".join(letter.platform.split())
    return (
        f"{name} would like to give you work and to pay you through GigStream.\n\n"
        f"{where}\n\n"
        "Sign in or register there to accept; then they see your name and may give you tasks. It works once,"
        " within 7 days. If you do not want it, do nothing: they are told nothing.\n"
    )
