"""Passwords of staff: chosen by an emailed code at first and after a reset, changed by their owner later."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import record, verb
from audit.models import Approval
from gigstream.core.clock import database_now
from gigstream.core.people.names import isolate_name
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
from gigstream.sign_in.tokens import hash_token, random_token
from gigstream.staff.errors import CodeRefused
from gigstream.staff.models import PasswordCode
from gigstream.staff.services.signing_in import attempt_key

CODE_LIFE = timedelta(hours=24)


def issue_password_code(user: User, approval: Approval, *, now: datetime) -> None:
    """Void the password and enqueue an emailed code to choose another; earlier codes and sessions end.

    The caller holds the lock on the user's row.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
    delete_codes(user)
    code = PasswordCode.objects.create(
        user=user, approval=approval, created_at=now, expires_at=now + CODE_LIFE
    )
    enqueue_letter(CODE, code.pk, now=now)


def delete_codes(user: User) -> None:
    """Delete the unused password codes of an account."""
    PasswordCode.objects.filter(user=user, used_at=None).delete()


def send_codes(*, now: datetime | None = None) -> int:
    """Send the waiting codes; return their number."""
    return send_due_letters(CODE, now=now)


def _write_code(letter: Letter, now: datetime) -> Message | None:
    """Return the email with a new code, whose hash the row keeps; None if the code is no longer due."""
    may_choose = PasswordCode.objects.select_related("user").filter(
        pk=letter.subject_id, used_at=None, expires_at__gt=now, user__is_active=True, user__is_staff=True
    )
    row = may_choose.select_for_update(of=("self",), no_key=True).first()
    if row is None:
        return None
    code = random_token("gc")
    row.token_hash = hash_token(code)
    row.save(update_fields=["token_hash"])
    return Message(
        row.user.email, "Choose your password for GigStream", _letter_text(row.user.username, code)
    )


def _record_sending(letter: Letter, now: datetime) -> None:
    PasswordCode.objects.filter(pk=letter.subject_id).update(sent_at=now)


CODE = register_letter_kind(
    LetterKind("staff_code", "send_staff_codes", _write_code, sent=_record_sending, life=CODE_LIFE)
)


def _letter_text(username: str, code: str) -> str:
    """Return the text of the email. It carries no link, so that staff learn to follow none."""
    return (
        "Two of your colleagues have approved that you choose a password for GigStream's staff pages.\n\n"
        f"Name: {isolate_name(username)}\nCode: {code}\n\n"
        'On the page where staff log in, follow "I was sent a code". It works once, within'
        f" {CODE_LIFE // timedelta(hours=1)} hours. If you did not expect it, warn your colleagues at once.\n"
    )


def choose_password(*, code: str, password: str, now: datetime | None = None) -> None:
    """Set the password of the account to which the code was sent. A code works once.

    Raises CodeRefused, WeakPassword, SignInLocked or SignInUnavailable.
    """
    now = now or database_now()
    guessing.require_calm_address()
    found = PasswordCode.objects.select_related("user").filter(token_hash=hash_token(code)).first()
    if found is None:
        guessing.count_failure_of_address()
        raise CodeRefused("the code is unknown, expired or used")
    try:
        validate_password(password, found.user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error
    # Hashed before the row is locked: hashing is slow on purpose.
    encoded = make_password(password)
    with acting_as(ActorType.STAFF, str(found.user_id)):
        _set_chosen_password(user_id=found.user_id, code_id=found.pk, encoded=encoded, now=now)
    guessing.forgive_all(attempt_key(found.user.username))


@verb("staff.choose_password", "user")
def _set_chosen_password(*, user_id: int, code_id: int, encoded: str, now: datetime) -> None:
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    code = PasswordCode.objects.filter(pk=code_id, used_at=None, expires_at__gt=now).first()
    if code is None or not (user.is_active and user.is_staff):
        raise CodeRefused("the code is unknown, expired or used")
    code.used_at = now
    code.save(update_fields=["used_at"])
    user.password = encoded
    user.save(update_fields=["password"])
    record("staff.choose_password", user, now=now)


@verb("staff.change_password", "user")
def change_password(*, user_id: int, encoded: str) -> User:
    """Replace the password by one that is hashed already; all other sessions of the account end.

    The caller has verified the old password.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    user.password = encoded
    user.save(update_fields=["password"])
    record("staff.change_password", user)
    return user
