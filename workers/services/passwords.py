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
from gigstream.lib.db import atomic_with_retry, try_lock
from gigstream.lib.emails import normal_email
from workers.enums import SessionEnd
from workers.errors import ResetRefused, WeakPassword
from workers.models import PasswordReset, Worker
from workers.services import guessing
from workers.services.sessions import close_all_sessions
from workers.services.wallets import drop_change
from workers.tokens import hash_email, hash_token, random_token

RESET_LIFE = timedelta(minutes=30)
ASKED_AGAIN_AFTER = timedelta(minutes=1)
RESETS_A_DAY = 5
DAY = timedelta(hours=24)


def require_strong(password: str, *, email: str, full_name: str) -> None:
    """Raise WeakPassword, with the reasons."""
    person: Any = Worker(email=email, full_name=full_name)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


@atomic_with_retry
def request_password_reset(*, email: str, now: datetime | None = None) -> None:
    """Have a letter sent to this address, if a worker has it. Nothing is looked up here, so that neither the
    answer nor its time tells whether one has: the job does.

    More requests within a minute, or more than five in a day, make no more letters.
    """
    now = now or database_now()
    email = normal_email(email)
    email_hash = hash_email(email)
    if not try_lock(f"password reset {email_hash}"):
        return
    asked = PasswordReset.objects.filter(email_hash=email_hash, created_at__gt=now - DAY)
    times = list(asked.order_by("-created_at").values_list("created_at", flat=True)[:RESETS_A_DAY])
    if len(times) == RESETS_A_DAY or (times and times[0] > now - ASKED_AGAIN_AFTER):
        return
    reset = PasswordReset.objects.create(email_hash=email_hash, created_at=now, expires_at=now + RESET_LIFE)
    # What is encrypted is bound to its row, which has its key only now.
    reset.email = email
    reset.save(update_fields=["email"])
    letters.enqueue(RESET, reset.pk, now=now)


def send_password_resets(*, now: datetime | None = None) -> int:
    """Send the letters with tokens that wait; return how many were sent."""
    return letters.send_due(RESET, now=now)


def _write_reset(letter: Letter, now: datetime) -> Message | None:
    """The letter with a new token, of which the row keeps the hash; none where nobody has the address."""
    asked = PasswordReset.objects.locked().filter(pk=letter.subject_id, used_at=None, expires_at__gt=now)
    reset = asked.first()
    if reset is None:
        return None
    if reset.worker_id is None:
        reset.worker = Worker.objects.filter(email=reset.email, deleted_at=None).first()
        reset.email = ""
        if reset.worker is not None:
            with acting_as(ActorType.WORKER, str(reset.worker.pk)):
                audit.record("password.request_reset", reset.worker, now=now)
    worker = reset.worker
    token = random_token("gp")
    known = worker is not None and worker.deleted_at is None
    reset.token_hash = hash_token(token) if known else None
    reset.save(update_fields=["worker", "email", "token_hash"])
    if worker is None or not known:
        return None
    return Message(worker.email, "Your new GigStream password", _text(token))


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
    """The password is changed and every session of the worker is over. The token works once, and proves the
    email address: a wallet that was named before that was so is taken away.

    Raises ResetRefused or WeakPassword.
    """
    now = now or database_now()
    reset = PasswordReset.objects.select_related("worker").filter(token_hash=hash_token(token)).first()
    if reset is None or reset.worker is None:
        raise ResetRefused("the token is unknown, expired or used: ask for a new one")
    require_strong(password, email=reset.worker.email, full_name=reset.worker.full_name)
    # Made before the row is locked: it takes long on purpose.
    encoded = make_password(password)
    with acting_as(ActorType.WORKER, str(reset.worker_id)):
        _reset(reset_id=reset.pk, encoded=encoded, now=now)
    guessing.forgive_all(reset.worker.email)


@verb("password.reset", "password_reset")
def _reset(*, reset_id: int, encoded: str, now: datetime) -> None:
    reset = PasswordReset.objects.locked().get(pk=reset_id)
    worker = Worker.objects.locked().filter(password_resets=reset, deleted_at=None).first()
    if worker is None or reset.used_at is not None or reset.expires_at <= now:
        raise ResetRefused("the token is unknown, expired or used: ask for a new one")
    PasswordReset.objects.filter(worker=worker, used_at=None).update(used_at=now)
    worker.password_hash = encoded
    if worker.email_proved_at is None:
        # Whoever has the mailbox owns the account; what was named before anybody had shown that goes.
        worker.wallet_address, worker.wallet_proved_at, worker.wallet_id = None, None, ""
        worker.email_proved_at = now
    worker.save(
        update_fields=[
            *("password_hash", "email_proved_at", "updated_at"),
            *("wallet_address", "wallet_proved_at", "wallet_id"),
        ]
    )
    close_all_sessions(worker, SessionEnd.PASSWORD_CHANGED, now)
    # Who had got in may have asked for it; the owner of the email address may ask again.
    drop_change(worker, now)
    audit.record("password.reset", worker, now=now)
