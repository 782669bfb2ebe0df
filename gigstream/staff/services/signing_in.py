"""Sign-in of staff by name, password and code. Each attempt is counted, of unknown names too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.log.services import Record, record_many
from gigstream.core.clock import database_now
from gigstream.sign_in import devices, guessing
from gigstream.sign_in.errors import SignInLocked, SignInRefused
from gigstream.staff.models import Authenticator, RecoveryCodes, SecondFactor


def verify_sign_in(
    request: HttpRequest, *, username: str, password: str, code: str, now: datetime | None = None
) -> User:
    """Return the member of staff with this name, password and, if they have a second factor, code.

    Not in one transaction: attempts stay counted if a later step fails, as those of workers do. Raises
    SignInRefused, which does not say which credential was wrong, SignInLocked or SignInUnavailable.
    """
    now = now or database_now()
    known = User.objects.filter(username=username).first()
    name, device = attempt_key(username), request.COOKIES.get(devices.COOKIE, "")
    if devices.known_device(name, device) is None:
        guessing.require_calm_address()
    opened = _count_attempt("staff.sign_in", username, known, now, device=device, code=code)
    user: Any = authenticate(request, username=username, password=password)
    factor = (opened or _accepting_factor(user, code)) if user is not None and user.is_staff else None
    if factor is None:
        guessing.count_failure_of_address()
        _record_attempt(
            "staff.sign_in", known, {"code": SignInRefused.code}, error="wrong credential", now=now
        )
        raise SignInRefused("the name, the password or the code is wrong")
    guessing.forgive_source(name, device=device)
    if devices.known_device(name, device) is None:
        request.name_of_new_device = name  # type: ignore[attr-defined]  # the middleware leaves a cookie
    if isinstance(factor, SecondFactor):
        user.otp_device = factor  # django-otp puts it into the session
    used = {"second_factor": str(factor.__class__.__name__) if factor else "none"}
    _record_attempt("staff.sign_in", user, used, now=now)
    return user


def require_reauthentication(
    action: str, *, user_id: int, password: str, code: str | None = None, now: datetime | None = None
) -> None:
    """Require password and, unless `code` is None, second factor again: a session alone does not permit
    `action`.

    Attempts count together with those of signing in and share their lock. Raises SignInRefused, SignInLocked
    or SignInUnavailable.
    """
    now = now or database_now()
    user = User.objects.get(pk=user_id)
    guessing.require_calm_address()
    _count_attempt(action, user.username, user, now)
    right = user.check_password(password) and (code is None or bool(_accepting_factor(user, code)))
    if not right:
        guessing.count_failure_of_address()
        _record_attempt(action, user, {"code": SignInRefused.code}, error="wrong credential", now=now)
        raise SignInRefused("the password is wrong" if code is None else "the password or the code is wrong")
    guessing.forgive_source(attempt_key(user.username))


def use_code(kind: type[SecondFactor], user_id: int, code: str, *, confirmed: bool) -> SecondFactor | None:
    """Return the account's factor of that kind if the code is right, else None.

    Runs in a transaction of its own: a used or wrong code stays counted if a later step fails.
    """
    with transaction.atomic():
        factor = kind._default_manager.select_for_update().filter(user=user_id, confirmed=confirmed).first()
        return factor if factor is not None and factor.verify_token(code) else None


def attempt_key(username: str) -> str:
    """Return the key that counts a name's attempts. No email address has its form: workers count apart."""
    return f"staff: {username.lower()}"


def _count_attempt(
    action: str, username: str, known: User | None, now: datetime, *, device: str = "", code: str = ""
) -> SecondFactor | None:
    """Count an attempt. A locked name is opened by a right second-factor code, whose factor is returned."""
    try:
        guessing.take_try(attempt_key(username), now=now, device=device)
    except SignInLocked as locked:
        factor = _accepting_factor(known, code) if known is not None and known.is_staff and code else None
        if isinstance(factor, SecondFactor):
            return factor
        # Each refusal is a line in the log: counted, so that their number is bounded.
        guessing.count_failure_of_address()
        _record_attempt(action, known, {"code": locked.code}, error="too many failures", now=now)
        raise
    return None


def _accepting_factor(user: User, code: str) -> SecondFactor | tuple[()] | None:
    """Return the factor that accepts the code, () for an account without a factor, None for a wrong code."""
    if not Authenticator.objects.filter(user=user, confirmed=True).exists():
        return ()
    return use_code(Authenticator if code.isdigit() else RecoveryCodes, user.pk, code, confirmed=True)


def _record_attempt(
    action: str, user: User | None, metadata: Mapping[str, Any], *, now: datetime, error: str = ""
) -> None:
    """Record an attempt with the account whose name was used, by its owner or not."""
    key = str(user.pk) if user else ""
    with acting_as(ActorType.STAFF, key):
        record_many([Record(action, "user", key, metadata=metadata, error=error)], now=now)
