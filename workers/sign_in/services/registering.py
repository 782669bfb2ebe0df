"""Registration: an email address is taken only once its owner has sent back the token from the letter."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import isolate_name, normal_name
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
from gigstream.sign_in.tokens import hash_token, random_token
from workers.models import Registration, Worker
from workers.profiles.services import register_worker
from workers.sign_in.enums import SignInMethod
from workers.sign_in.errors import RegistrationRefused
from workers.sign_in.services.passwords import require_strong_password
from workers.sign_in.services.sessions import SignedIn, open_session

LIFE = timedelta(hours=24)
# Letters to an address, by all who name it.
MOST_A_DAY = 10


def request_registration(*, email: str, full_name: str, password: str, now: datetime | None = None) -> None:
    """Have a letter sent to this address: with a token that makes the worker, or with the news that there is
    an account. The job looks the address up, not this function, so that neither the answer nor its time shows
    which.

    More than ten requests in a day for an address make no more letters. Raises InvalidEmail, InvalidName or
    WeakPassword.
    """
    now = now or database_now()
    full_name = normal_name(full_name)
    require_strong_password(password=password, email=email, full_name=full_name)
    # Made before anything is locked: it takes long on purpose.
    encoded = make_password(password)
    _record_request(email_as_given=email, full_name=full_name, encoded=encoded, now=now)


@in_unit
def _record_request(*, email_as_given: str, full_name: str, encoded: str, now: datetime) -> None:
    email = normal_email(email_as_given)
    if not try_lock(f"registration {email}"):
        return
    recent = Registration.objects.filter(email=email, created_at__gt=now - LIFE)
    if len(recent.values_list("pk")[:MOST_A_DAY]) == MOST_A_DAY:
        return
    registration = Registration.objects.create(
        email_as_given=email_as_given,
        email=email,
        full_name=full_name,
        password_hash=encoded,
        created_at=now,
        expires_at=now + LIFE,
    )
    enqueue_letter(REGISTRATION, registration.pk, now=now)


def confirm_registration(*, token: str, device_id: str = "", now: datetime | None = None) -> SignedIn:
    """Make the worker of this token and sign them in. The token works once and proves the address.

    Raises RegistrationRefused, or EmailTaken where another registration of the address was confirmed first.
    """
    now = now or database_now()
    worker_id = new_id()
    with acting_as(ActorType.WORKER, str(worker_id)):
        return _redeem_token(worker_id=worker_id, token=token, device_id=device_id, now=now)


@in_unit
def _redeem_token(*, worker_id: UUID, token: str, device_id: str, now: datetime) -> SignedIn:
    found = Registration.objects.locked().filter(token_hash=hash_token(token), expires_at__gt=now).first()
    if found is None:
        raise RegistrationRefused("the token is unknown, expired or used: register again")
    register_worker(
        worker_id=worker_id,
        email=found.email,
        full_name=found.full_name,
        encoded_password=found.password_hash,
        now=now,
    )
    found.delete()
    return open_session(worker_id=worker_id, method=SignInMethod.PASSWORD, now=now, device_id=device_id)


def send_registrations(*, now: datetime | None = None) -> int:
    """Send the letters that wait; return how many were sent."""
    return send_due_letters(REGISTRATION, now=now)


def _write_registration(letter: Letter, now: datetime) -> Message | None:
    """Return the letter: with a new token, of which the row keeps the hash, or that there is an account."""
    waiting = Registration.objects.locked().filter(pk=letter.subject_id, expires_at__gt=now)
    registration = waiting.first()
    if registration is None:
        return None
    if Worker.objects.filter(email=registration.email, deleted_at=None).exists():
        return Message(registration.email, "Your GigStream account", _known_text())
    token = random_token("gt")
    registration.token_hash = hash_token(token)
    registration.save(update_fields=["token_hash"])
    text = _token_text(registration.full_name, token)
    return Message(registration.email, "Confirm your GigStream account", text)


REGISTRATION = register_letter_kind(
    LetterKind("registration", "send_registrations", _write_registration, life=LIFE)
)


def _token_text(full_name: str, token: str) -> str:
    url = settings.REGISTRATION_URL
    where = f"Open {url}#token={token}\n\n" if url else ""
    return (
        f"Somebody, probably you, has registered with GigStream as {isolate_name(full_name)}.\n\n"
        f"{where}token: {token}\n\n"
        "This makes the account, once, within 24 hours. If it was not you, do nothing: the other person would"
        " know the password of an account that you confirm.\n"
    )


def _known_text() -> str:
    return (
        "Somebody, probably you, has registered with GigStream. You have an account already:"
        " sign in, or request a new password. If it was not you, do nothing; nothing has changed.\n"
    )
