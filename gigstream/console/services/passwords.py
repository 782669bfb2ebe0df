"""Passwords of the staff: everybody chooses their own, the first one and after a reset by a code by email."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.context import acting_as
from audit.enums import ActorType
from audit.jobs import ring
from audit.models import Approval
from audit.services import record, verb
from gigstream.console.errors import CodeRefused
from gigstream.console.models import PasswordCode
from gigstream.console.services.sessions import end_sessions
from gigstream.console.services.signing_in import counted_as
from gigstream.lib import letters
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from workers.errors import WeakPassword
from workers.services import guessing
from workers.tokens import hash_token, random_token

CODE_LIFE = timedelta(hours=24)
SENT_AT_ONCE = 50


def let_choose(user: User, approval: Approval, *, now: datetime) -> None:
    """A code is on its way to the address of the person, whose row is locked: until they have chosen a
    password with it they have none, and no session. Codes that were sent before count no more."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_sessions(user, now=now)
    forget_codes(user)
    PasswordCode.objects.create(user=user, approval=approval, created_at=now, expires_at=now + CODE_LIFE)
    ring("send_staff_codes")


def forget_codes(user: User) -> None:
    """No code that was sent to the person counts any more."""
    PasswordCode.objects.filter(user=user, used_at=None).delete()


@dataclass(frozen=True, slots=True)
class _Letter:
    code_id: int
    to: str
    username: str
    code: str


def send_codes(*, now: datetime | None = None) -> int:
    """Every code that waits is on its way; returns how many were sent. One whose email fails is made anew and
    tried again until its time is over."""
    return sum(_send(letter) for letter in _write_letters(now=now or database_now()))


@atomic_with_retry
def _write_letters(*, now: datetime) -> list[_Letter]:
    """Codes for the rows that wait, committed before anything is sent."""
    waiting = (
        PasswordCode.objects.select_related("user")
        .filter(sent_at=None, used_at=None, expires_at__gt=now, user__is_active=True, user__is_staff=True)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)[:SENT_AT_ONCE]
    )
    written = []
    for row in waiting:
        code = random_token("gc")
        row.token_hash, row.sent_at = hash_token(code), now
        row.save(update_fields=["token_hash", "sent_at"])
        written.append(_Letter(row.pk, row.user.email, row.user.username, code))
    return written


def _send(letter: _Letter) -> int:
    about = f"password code {letter.code_id}"
    if letters.send("Choose your password for GigStream", _text(letter), letter.to, about=about):
        return 1
    PasswordCode.objects.filter(pk=letter.code_id).update(sent_at=None)
    return 0


def _text(letter: _Letter) -> str:
    """No link: staff know where they log in, and learn to follow none."""
    return (
        "Two of your colleagues have let you choose a password for the staff's pages of GigStream.\n\n"
        f"Name: {letter.username}\nCode: {letter.code}\n\n"
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
    guessing.forgive(counted_as(found.user.username))


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
