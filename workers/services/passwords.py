"""Passwords: how strong they must be, and a new one for who has forgotten theirs."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit import letters
from audit import services as audit
from audit.context import acting_as
from audit.enums import ActorType
from audit.letters import LetterKind, Message
from audit.models import Letter
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.emails import normal_email
from workers.enums import SessionEnd
from workers.errors import ResetRefused, WeakPassword
from workers.models import PasswordReset, Worker
from workers.services import guessing
from workers.services.sessions import close_all_sessions
from workers.services.wallets import drop_change
from workers.tokens import hash_token, random_token

RESET_LIFE = timedelta(minutes=30)
ASKED_AGAIN_AFTER = timedelta(minutes=1)


def require_strong(password: str, *, email: str, full_name: str) -> None:
    """Raise WeakPassword, with the reasons."""
    person: Any = Worker(email=email, full_name=full_name)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


@atomic_with_retry
def request_password_reset(*, email: str, now: datetime | None = None) -> None:
    """If a worker has this address, an email to them is pending. Nothing tells the caller whether one has.

    More requests within a minute make no more emails.
    """
    now = now or database_now()
    worker = Worker.objects.locked().filter(email=normal_email(email), deleted_at=None).first()
    if worker is None:
        return
    recent = PasswordReset.objects.filter(worker=worker, created_at__gt=now - ASKED_AGAIN_AFTER)
    if recent.exists():
        return
    reset = PasswordReset.objects.create(worker=worker, created_at=now, expires_at=now + RESET_LIFE)
    with acting_as(ActorType.WORKER, str(worker.pk)):
        audit.record("password.request_reset", worker, now=now)
    letters.enqueue(RESET, reset.pk, now=now)


def send_password_resets(*, now: datetime | None = None) -> int:
    """Send the letters with tokens that wait; return how many were sent."""
    return letters.send_due(RESET, now=now)


def _write_reset(letter: Letter, now: datetime) -> Message | None:
    """The letter with a new token, of which the row keeps the hash."""
    asked = PasswordReset.objects.select_related("worker").filter(
        pk=letter.subject_id, used_at=None, expires_at__gt=now, worker__deleted_at=None
    )
    reset = asked.select_for_update(of=("self",), no_key=True).first()
    if reset is None:
        return None
    token = random_token("gp")
    reset.token_hash = hash_token(token)
    reset.save(update_fields=["token_hash"])
    return Message(reset.worker.email, "Your new GigStream password", _text(token))


def _reset_sent(letter: Letter, now: datetime) -> None:
    PasswordReset.objects.filter(pk=letter.subject_id).update(sent_at=now)


RESET = letters.register(
    LetterKind("password_reset", "send_password_resets", _write_reset, sent=_reset_sent, life=RESET_LIFE)
)


def _text(token: str) -> str:
    where = f"Open {settings.PASSWORD_RESET_URL}#token={token}\n\n" if settings.PASSWORD_RESET_URL else ""
    return (
        "Somebody, probably you, asked for a new password for your GigStream account.\n\n"
        f"{where}token: {token}\n\n"
        "This works once, within 30 minutes. If it was not you, do nothing: your password stays as it is.\n"
    )


def reset_password(*, token: str, password: str, now: datetime | None = None) -> None:
    """The password is changed and every session of the worker is over. The token works once.

    Raises ResetRefused or WeakPassword.
    """
    now = now or database_now()
    reset = PasswordReset.objects.select_related("worker").filter(token_hash=hash_token(token)).first()
    if reset is None:
        raise ResetRefused("the token is unknown, expired or used: ask for a new one")
    require_strong(password, email=reset.worker.email, full_name=reset.worker.full_name)
    # Made before the row is locked: it takes long on purpose.
    encoded = make_password(password)
    with acting_as(ActorType.WORKER, str(reset.worker_id)):
        _reset(reset_id=reset.pk, encoded=encoded, now=now)
    guessing.forgive(reset.worker.email)


@verb("password.reset", "password_reset")
def _reset(*, reset_id: int, encoded: str, now: datetime) -> None:
    reset = PasswordReset.objects.locked().get(pk=reset_id)
    worker = Worker.objects.locked().get(pk=reset.worker_id)
    if reset.used_at is not None or reset.expires_at <= now or worker.deleted_at is not None:
        raise ResetRefused("the token is unknown, expired or used: ask for a new one")
    PasswordReset.objects.filter(worker=worker, used_at=None).update(used_at=now)
    worker.password_hash = encoded
    worker.save(update_fields=["password_hash", "updated_at"])
    close_all_sessions(worker, SessionEnd.PASSWORD_CHANGED, now)
    # Who had got in may have asked for it; the owner of the email address may ask again.
    drop_change(worker, now)
    audit.record("password.reset", worker, now=now)
