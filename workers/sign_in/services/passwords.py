"""Passwords: their strength, and the reset of a forgotten password."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.log import services as audit
from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.people.emails import normal_email
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.unit import in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from gigstream.sign_in import guessing
from gigstream.sign_in.errors import WeakPassword
from gigstream.sign_in.tokens import hash_email, hash_token, random_token
from workers.identities.services import remove_recent_identities
from workers.models import PasswordReset, Worker
from workers.sign_in.enums import SessionEnd
from workers.sign_in.errors import ResetRefused
from workers.sign_in.services.sessions import close_all_sessions
from workers.wallets.services.wallets import drop_change

RESET_LIFE = timedelta(minutes=30)
REQUEST_INTERVAL = timedelta(minutes=1)
RESETS_A_DAY = 5
DAY = timedelta(hours=24)


def require_strong_password(*, password: str, email: str, full_name: str) -> None:
    """Raise WeakPassword, with the reasons."""
    person: Any = Worker(email=email, full_name=full_name)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


@in_unit
def request_password_reset(*, email: str, now: datetime | None = None) -> None:
    """Have a letter sent to this address, if a worker has it. The job looks the address up, not this
    function, so that neither the answer nor its time shows whether it is known.

    More requests within a minute, or more than five in a day, make no more letters.
    """
    now = now or database_now()
    email = normal_email(email)
    email_hash = hash_email(email)
    if not try_lock(f"password reset {email_hash}"):
        return
    recent = PasswordReset.objects.filter(email_hash=email_hash, created_at__gt=now - DAY)
    times = list(recent.order_by("-created_at").values_list("created_at", flat=True)[:RESETS_A_DAY])
    if len(times) == RESETS_A_DAY or (times and times[0] > now - REQUEST_INTERVAL):
        return
    reset = PasswordReset.objects.create(email_hash=email_hash, created_at=now, expires_at=now + RESET_LIFE)
    # Encrypted text is bound to its row, which has its key only now.
    reset.email = email
    reset.save(update_fields=["email"])
    enqueue_letter(RESET, reset.pk, now=now)


def send_password_resets(*, now: datetime | None = None) -> int:
    """Send the letters with tokens that wait; return how many were sent."""
    return send_due_letters(RESET, now=now)


def _write_reset(letter: Letter, now: datetime) -> Message | None:
    """Return the letter with a new token, of which the row keeps the hash; None where nobody has the
    address."""
    waiting = PasswordReset.objects.locked().filter(pk=letter.subject_id, used_at=None, expires_at__gt=now)
    reset = waiting.first()
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
    return Message(worker.email, "Your new GigStream password", _letter_text(token))


def _reset_sent(letter: Letter, now: datetime) -> None:
    PasswordReset.objects.filter(pk=letter.subject_id).update(sent_at=now)


RESET = register_letter_kind(
    LetterKind("password_reset", "send_password_resets", _write_reset, sent=_reset_sent, life=RESET_LIFE)
)


def _letter_text(token: str) -> str:
    where = f"Open {settings.PASSWORD_RESET_URL}#token={token}\n\n" if settings.PASSWORD_RESET_URL else ""
    return (
        "Somebody, probably you, requested a new password for your GigStream account.\n\n"
        f"{where}token: {token}\n\n"
        "This works once, within 30 minutes. If it was not you, do nothing: your password stays as it is.\n"
    )


def reset_password(*, token: str, password: str, now: datetime | None = None) -> None:
    """Change the password and end every session of the worker. The token works once and proves the email
    address: a wallet that was named before the address was proved is removed.

    Raises ResetRefused or WeakPassword.
    """
    now = now or database_now()
    reset = PasswordReset.objects.select_related("worker").filter(token_hash=hash_token(token)).first()
    if reset is None or reset.worker is None:
        raise ResetRefused("the token is unknown, expired or used: request a new one")
    require_strong_password(password=password, email=reset.worker.email, full_name=reset.worker.full_name)
    # Made before the row is locked: it takes long on purpose.
    encoded = make_password(password)
    with acting_as(ActorType.WORKER, str(reset.worker_id)):
        _change_password(reset_id=reset.pk, encoded=encoded, now=now)
    guessing.forgive_all(reset.worker.email)


@verb("password.reset", "password_reset")
def _change_password(*, reset_id: int, encoded: str, now: datetime) -> None:
    reset = PasswordReset.objects.locked().get(pk=reset_id)
    worker = Worker.objects.locked().filter(password_resets=reset, deleted_at=None).first()
    if worker is None or reset.used_at is not None or reset.expires_at <= now:
        raise ResetRefused("the token is unknown, expired or used: request a new one")
    PasswordReset.objects.filter(worker=worker, used_at=None).update(used_at=now)
    worker.password_hash = encoded
    if worker.email_proved_at is None:
        # The owner of the mailbox owns the account; a wallet named before that was proved is removed.
        worker.wallet_address, worker.wallet_proved_at, worker.wallet_id = None, None, ""
        worker.email_proved_at = now
    worker.save(
        update_fields=[
            *("password_hash", "email_proved_at", "updated_at"),
            *("wallet_address", "wallet_proved_at", "wallet_id"),
        ]
    )
    close_all_sessions(worker=worker, because=SessionEnd.PASSWORD_CHANGED, now=now)
    # An intruder may have requested or added them; the owner of the email address may do so again.
    drop_change(worker=worker, now=now)
    remove_recent_identities(worker=worker, now=now)
    audit.record("password.reset", worker, now=now)
