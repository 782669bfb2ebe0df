"""Passwords of the staff: everybody chooses their own, the first one and after a reset by a code by email."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit import letters
from audit.context import acting_as
from audit.enums import ActorType
from audit.letters import LetterKind, Message
from audit.models import Approval, Letter
from audit.services import record, verb
from gigstream.console.errors import CodeRefused
from gigstream.console.models import PasswordCode
from gigstream.console.services.signing_in import counted_as
from gigstream.lib.clock import database_now
from gigstream.lib.names import isolated
from workers.errors import WeakPassword
from workers.services import guessing
from workers.tokens import hash_token, random_token

CODE_LIFE = timedelta(hours=24)


def let_choose(user: User, approval: Approval, *, now: datetime) -> None:
    """A code is on its way to the address of the person, whose row is locked: until they have chosen a
    password with it they have none, and sessions that began with the old one are void. Codes that were sent
    before count no more."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    forget_codes(user)
    code = PasswordCode.objects.create(
        user=user, approval=approval, created_at=now, expires_at=now + CODE_LIFE
    )
    letters.enqueue(CODE, code.pk, now=now)


def forget_codes(user: User) -> None:
    """No code that was sent to the person counts any more."""
    PasswordCode.objects.filter(user=user, used_at=None).delete()


def send_codes(*, now: datetime | None = None) -> int:
    """Send every code that waits; return how many were sent."""
    return letters.send_due(CODE, now=now)


def _write_code(letter: Letter, now: datetime) -> Message | None:
    """The letter with a new code, of which the row keeps the hash."""
    may_choose = PasswordCode.objects.select_related("user").filter(
        pk=letter.subject_id, used_at=None, expires_at__gt=now, user__is_active=True, user__is_staff=True
    )
    row = may_choose.select_for_update(of=("self",), no_key=True).first()
    if row is None:
        return None
    code = random_token("gc")
    row.token_hash = hash_token(code)
    row.save(update_fields=["token_hash"])
    return Message(row.user.email, "Choose your password for GigStream", _text(row.user.username, code))


def _code_sent(letter: Letter, now: datetime) -> None:
    PasswordCode.objects.filter(pk=letter.subject_id).update(sent_at=now)


CODE = letters.register(
    LetterKind("staff_code", "send_staff_codes", _write_code, sent=_code_sent, life=CODE_LIFE)
)


def _text(username: str, code: str) -> str:
    """No link: staff know where they log in, and learn to follow none."""
    return (
        "Two of your colleagues have let you choose a password for the staff's pages of GigStream.\n\n"
        f"Name: {isolated(username)}\nCode: {code}\n\n"
        'On the page where staff log in, follow "I was sent a code". It works once, within'
        f" {CODE_LIFE // timedelta(hours=1)} hours. If you did not expect it, tell your colleagues at once.\n"
    )


def choose_password(*, code: str, password: str, now: datetime | None = None) -> None:
    """The person to whom the code was sent has this password. The code works once.

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
    # Made before the row is locked: it takes long on purpose.
    encoded = make_password(password)
    with acting_as(ActorType.STAFF, str(found.user_id)):
        _choose(user_id=found.user_id, code_id=found.pk, encoded=encoded, now=now)
    guessing.forgive_all(counted_as(found.user.username))


@verb("staff.choose_password", "user")
def _choose(*, user_id: int, code_id: int, encoded: str, now: datetime) -> None:
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
    """The person, who has given their old password, has this one, hashed, in its place; with it all their
    sessions end but the one that goes on with the new one."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    user.password = encoded
    user.save(update_fields=["password"])
    record("staff.change_password", user)
    return user
