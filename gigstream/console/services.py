"""How staff come in: name, password and a code; and how they get, use and lose what shows the codes."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from audit.context import acting_as, current_actor
from audit.enums import ActorType
from audit.models import AuditLog
from audit.services import Record, record, record_many, verb
from gigstream.console.errors import NeedsAnotherPerson, WrongCode
from gigstream.console.models import Authenticator, RecoveryCodes, SecondFactor, hash_code
from gigstream.lib.clock import database_now
from workers.errors import SignInLocked, SignInRefused
from workers.services import guessing

RECOVERY_CODES = 10
KEY_BYTES = 20
# For so long nobody who gave somebody a password takes their second factor away, nor the other way round.
APART = timedelta(hours=24)
PASSWORD_ACTS = ("staff.add", "staff.set_password")
RESET = "staff.reset_second_factor"
# Without letters and digits that are taken for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def recognise(
    request: HttpRequest, *, username: str, password: str, code: str, now: datetime | None = None
) -> User:
    """The member of staff with this name and password and, where they have a second factor, this code.

    Not in one transaction: the tries are counted whatever follows, as those of workers are. Raises
    SignInRefused, without telling what was wrong, SignInLocked or SignInUnavailable.
    """
    now = now or database_now()
    known = User.objects.filter(username=username).first()
    guessing.require_calm_address()
    try:
        guessing.take_try(_counted_as(username), now=now)
    except SignInLocked as locked:
        # Each is a line in the log: counted, so that they are not endless.
        guessing.count_failure_of_address()
        _record_sign_in(known, {"code": locked.code}, error="too many failures", now=now)
        raise
    user: Any = authenticate(request, username=username, password=password)
    factor = _factor_for(user, code) if user is not None and user.is_staff else None
    if factor is None:
        guessing.count_failure_of_address()
        _record_sign_in(known, {"code": SignInRefused.code}, error="wrong credential", now=now)
        raise SignInRefused("the name, the password or the code is wrong")
    guessing.forgive(_counted_as(username))
    if isinstance(factor, SecondFactor):
        user.otp_device = factor  # django-otp puts it into the session
    _record_sign_in(user, {"second_factor": str(factor.__class__.__name__) if factor else "none"}, now=now)
    return user


def _counted_as(username: str) -> str:
    """No email address looks so: staff and workers are counted apart."""
    return f"staff: {username.lower()}"


def _factor_for(user: User, code: str) -> SecondFactor | tuple[()] | None:
    """What took the code; () for somebody who has no second factor; None where the code is not right."""
    if not Authenticator.objects.filter(user=user, confirmed=True).exists():
        return ()
    return _taken_by(Authenticator if code.isdigit() else RecoveryCodes, user.pk, code, confirmed=True)


def _taken_by(kind: type[SecondFactor], user_id: int, code: str, *, confirmed: bool) -> SecondFactor | None:
    """The person's factor of that kind if the code is right. In a transaction of its own: a code is used up,
    and a wrong one counted, whatever follows."""
    with transaction.atomic():
        factor = kind._default_manager.select_for_update().filter(user=user_id, confirmed=confirmed).first()
        return factor if factor is not None and factor.verify_token(code) else None


def _record_sign_in(
    user: User | None, metadata: Mapping[str, Any], *, now: datetime, error: str = ""
) -> None:
    """The log says whose name was used; whether it was them nobody knows when it failed."""
    key = str(user.pk) if user else ""
    with acting_as(ActorType.STAFF, key):
        record_many([Record("staff.sign_in", "user", key, metadata=metadata, error=error)], now=now)


# --- What shows the codes -----------------------------------------------------------------------------------
def offered_authenticator(user: User) -> Authenticator:
    """The authenticator that the person may take over into an app, or has taken over."""
    made = {"key": secrets.token_hex(KEY_BYTES), "name": "authenticator", "confirmed": False}
    return Authenticator.objects.get_or_create(user=user, defaults=made)[0]


def confirm_authenticator(*, user_id: int, code: str) -> tuple[Authenticator, Sequence[str]]:
    """The person's app counts from now on, since it has shown a right code; with their recovery codes.

    Raises WrongCode.
    """
    _require_code(user_id, code, confirmed=False)
    return _confirm(user_id=user_id)


def new_recovery_codes(*, user_id: int, code: str) -> Sequence[str]:
    """The person has new recovery codes in the place of all former ones; a code of the app shows that it is
    them. Raises WrongCode."""
    _require_code(user_id, code, confirmed=True)
    return _replace_recovery_codes(user_id=user_id)


def _require_code(user_id: int, code: str, *, confirmed: bool) -> None:
    if _taken_by(Authenticator, user_id, code, confirmed=confirmed) is None:
        raise WrongCode("this code is not right, or comes too soon after a wrong one")


@verb("staff.add_second_factor", "user")
def _confirm(*, user_id: int) -> tuple[Authenticator, Sequence[str]]:
    authenticator = Authenticator.objects.select_for_update().get(user_id=user_id)
    authenticator.confirmed = True
    authenticator.save(update_fields=["confirmed"])
    record("staff.add_second_factor", authenticator.user)
    return authenticator, _make_recovery_codes(user_id)


@verb("staff.new_recovery_codes", "user")
def _replace_recovery_codes(*, user_id: int) -> Sequence[str]:
    record("staff.new_recovery_codes", User.objects.get(pk=user_id))
    return _make_recovery_codes(user_id)


def _make_recovery_codes(user_id: int) -> Sequence[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    hashes = {"hashes": [hash_code(code) for code in codes], "name": "recovery codes"}
    RecoveryCodes.objects.update_or_create(user_id=user_id, defaults=hashes)
    return codes


@verb(RESET, "user")
def reset_second_factor(*, user_id: int, now: datetime | None = None) -> None:
    """Another superuser has taken the person's second factor away and ended their sessions.

    Raises NeedsAnotherPerson for one's own, and for whom the same person has given a password within a day:
    together the two would make one person somebody else.
    """
    now = now or database_now()
    user = User.objects.select_for_update().get(pk=user_id)
    if current_actor().id == str(user_id):
        raise NeedsAnotherPerson("another superuser must reset your second factor")
    require_not_done_lately(user, PASSWORD_ACTS, now=now)
    for kind in (Authenticator, RecoveryCodes):
        kind._default_manager.filter(user=user).delete()
    _end_sessions(user, now)
    record(RESET, user, now=now)


def require_not_done_lately(user: User, acts: Sequence[str], *, now: datetime) -> None:
    """Raise NeedsAnotherPerson where who acts now has done one of the acts on this person within a day."""
    actor = current_actor()
    done = AuditLog.objects.filter(
        resource_type="user", resource_id=str(user.pk), created_at__gt=now - APART, success=True
    )
    if done.filter(actor_type=actor.type, actor_id=actor.id, action__in=acts).exists():
        raise NeedsAnotherPerson(
            "whoever gives somebody a password does not take their second factor away within a day, nor the"
            " other way round: another superuser must"
        )


def _end_sessions(user: User, now: datetime) -> None:
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
