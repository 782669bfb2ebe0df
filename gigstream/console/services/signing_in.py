"""How staff come in: name, password and a code. Every try is counted, whoever makes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from audit.context import acting_as
from audit.enums import ActorType
from audit.services import Record, record_many
from gigstream.console.models import Authenticator, RecoveryCodes, SecondFactor
from gigstream.lib.clock import database_now
from workers import devices
from workers.errors import SignInLocked, SignInRefused
from workers.services import guessing


def recognise(
    request: HttpRequest, *, username: str, password: str, code: str, now: datetime | None = None
) -> User:
    """The member of staff with this name and password and, where they have a second factor, this code.

    Not in one transaction: the tries are counted whatever follows, as those of workers are. Raises
    SignInRefused, without telling what was wrong, SignInLocked or SignInUnavailable.
    """
    now = now or database_now()
    known = User.objects.filter(username=username).first()
    name, device = counted_as(username), request.COOKIES.get(devices.COOKIE, "")
    if devices.known_device(name, device) is None:
        guessing.require_calm_address()
    opened = _take_try("staff.sign_in", username, known, now, device=device, code=code)
    user: Any = authenticate(request, username=username, password=password)
    factor = (opened or _factor_for(user, code)) if user is not None and user.is_staff else None
    if factor is None:
        guessing.count_failure_of_address()
        _record("staff.sign_in", known, {"code": SignInRefused.code}, error="wrong credential", now=now)
        raise SignInRefused("the name, the password or the code is wrong")
    guessing.forgive(name, device=device)
    if devices.known_device(name, device) is None:
        request.name_of_new_device = name  # type: ignore[attr-defined]  # the middleware leaves a cookie
    if isinstance(factor, SecondFactor):
        user.otp_device = factor  # django-otp puts it into the session
    used = {"second_factor": str(factor.__class__.__name__) if factor else "none"}
    _record("staff.sign_in", user, used, now=now)
    return user


def require_themselves(
    action: str, *, user_id: int, password: str, code: str | None = None, now: datetime | None = None
) -> None:
    """Whoever is signed in as this person has given their password and, unless `code` is None, a code of
    their second factor: an open session alone is not enough for `action`.

    Counted as signing in is, with which it shares the lock. Raises SignInRefused, SignInLocked or
    SignInUnavailable.
    """
    now = now or database_now()
    user = User.objects.get(pk=user_id)
    guessing.require_calm_address()
    _take_try(action, user.username, user, now)
    right = user.check_password(password) and (code is None or bool(_factor_for(user, code)))
    if not right:
        guessing.count_failure_of_address()
        _record(action, user, {"code": SignInRefused.code}, error="wrong credential", now=now)
        raise SignInRefused("the password is wrong" if code is None else "the password or the code is wrong")
    guessing.forgive(counted_as(user.username))


def taken_by(kind: type[SecondFactor], user_id: int, code: str, *, confirmed: bool) -> SecondFactor | None:
    """The person's factor of that kind if the code is right. In a transaction of its own: a code is used up,
    and a wrong one counted, whatever follows."""
    with transaction.atomic():
        factor = kind._default_manager.select_for_update().filter(user=user_id, confirmed=confirmed).first()
        return factor if factor is not None and factor.verify_token(code) else None


def counted_as(username: str) -> str:
    """No email address looks so: staff and workers are counted apart."""
    return f"staff: {username.lower()}"


def _take_try(
    action: str, username: str, known: User | None, now: datetime, *, device: str = "", code: str = ""
) -> SecondFactor | None:
    """Count the try. Where the name is locked, a right code of the second factor opens it: it is returned,
    used up."""
    try:
        guessing.take_try(counted_as(username), now=now, device=device)
    except SignInLocked as locked:
        factor = _factor_for(known, code) if known is not None and known.is_staff and code else None
        if isinstance(factor, SecondFactor):
            return factor
        # Each is a line in the log: counted, so that they are not endless.
        guessing.count_failure_of_address()
        _record(action, known, {"code": locked.code}, error="too many failures", now=now)
        raise
    return None


def _factor_for(user: User, code: str) -> SecondFactor | tuple[()] | None:
    """What took the code; () for somebody who has no second factor; None where the code is not right."""
    if not Authenticator.objects.filter(user=user, confirmed=True).exists():
        return ()
    return taken_by(Authenticator if code.isdigit() else RecoveryCodes, user.pk, code, confirmed=True)


def _record(
    action: str, user: User | None, metadata: Mapping[str, Any], *, now: datetime, error: str = ""
) -> None:
    """The log says whose name was used; whether it was them nobody knows when it failed."""
    key = str(user.pk) if user else ""
    with acting_as(ActorType.STAFF, key):
        record_many([Record(action, "user", key, metadata=metadata, error=error)], now=now)
