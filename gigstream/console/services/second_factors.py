"""What shows that it is them: an app with codes, and the codes for when it is lost."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from audit.services import record, verb
from gigstream.console.errors import WrongCode
from gigstream.console.models import Authenticator, RecoveryCodes, hash_code
from gigstream.console.services.sessions import end_sessions
from gigstream.console.services.signing_in import require_themselves, taken_by
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry

RECOVERY_CODES = 10
KEY_BYTES = 20
REPLACE = "staff.replace_second_factor"
# Without letters and digits that are taken for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def offered_authenticator(user: User) -> Authenticator:
    """The authenticator that the person has taken over into an app, or else the one that they may."""
    in_use = Authenticator.objects.filter(user=user, confirmed=True).first()
    return in_use or Authenticator.objects.get_or_create(user=user, confirmed=False, defaults=_new_key())[0]


def _new_key() -> dict[str, str]:
    return {"key": secrets.token_hex(KEY_BYTES), "name": "authenticator"}


def confirm_authenticator(
    *, user_id: int, code: str, session_key: str
) -> tuple[Authenticator, Sequence[str]]:
    """The person's first app counts from now on, since it has shown a right code; with their recovery codes.
    Their other sessions, which began without it, are over. Raises WrongCode."""
    _require_code(user_id, code, confirmed=False)
    return _add(user_id=user_id, session_key=session_key)


def offer_replacement(
    *, user_id: int, password: str, code: str, now: datetime | None = None
) -> Authenticator:
    """A new authenticator that the person may take over into an app, in the place of any offered before: they
    have given their password and a code, of the app in use or for recovery. What is in use goes on.

    Raises SignInRefused, SignInLocked or SignInUnavailable.
    """
    require_themselves(REPLACE, user_id=user_id, password=password, code=code, now=now)
    return _offer(user_id=user_id)


@atomic_with_retry
def _offer(*, user_id: int) -> Authenticator:
    user = _locked(user_id)
    Authenticator.objects.filter(user=user, confirmed=False).delete()
    return Authenticator.objects.create(user=user, confirmed=False, **_new_key())


def replace_authenticator(
    *, user_id: int, code: str, session_key: str
) -> tuple[Authenticator, Sequence[str]]:
    """The new app has shown a right code and counts from now on; the old one and its recovery codes count no
    more, and the person's other sessions are over. Raises WrongCode."""
    _require_code(user_id, code, confirmed=False)
    return _replace(user_id=user_id, session_key=session_key)


def new_recovery_codes(*, user_id: int, code: str) -> Sequence[str]:
    """The person has new recovery codes in the place of all former ones; a code of the app shows that it is
    them. Raises WrongCode."""
    _require_code(user_id, code, confirmed=True)
    return _replace_recovery_codes(user_id=user_id)


def _require_code(user_id: int, code: str, *, confirmed: bool) -> None:
    if taken_by(Authenticator, user_id, code, confirmed=confirmed) is None:
        raise WrongCode("this code is not right, or comes too soon after a wrong one")


@verb("staff.add_second_factor", "user")
def _add(*, user_id: int, session_key: str) -> tuple[Authenticator, Sequence[str]]:
    user = _locked(user_id)
    if Authenticator.objects.filter(user=user, confirmed=True).exists():
        raise WrongCode("there is an app in use already: replace it")
    return _use("staff.add_second_factor", user, session_key)


@verb(REPLACE, "user")
def _replace(*, user_id: int, session_key: str) -> tuple[Authenticator, Sequence[str]]:
    user = _locked(user_id)
    Authenticator.objects.filter(user=user, confirmed=True).delete()
    return _use(REPLACE, user, session_key)


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _use(action: str, user: User, session_key: str) -> tuple[Authenticator, Sequence[str]]:
    authenticator = Authenticator.objects.get(user=user, confirmed=False)
    authenticator.confirmed = True
    authenticator.save(update_fields=["confirmed"])
    end_sessions(user, now=database_now(), but=session_key)
    record(action, user)
    return authenticator, _make_recovery_codes(user.pk)


@verb("staff.new_recovery_codes", "user")
def _replace_recovery_codes(*, user_id: int) -> Sequence[str]:
    record("staff.new_recovery_codes", User.objects.get(pk=user_id))
    return _make_recovery_codes(user_id)


def _make_recovery_codes(user_id: int) -> Sequence[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(RECOVERY_CODES)]
    hashes = {"hashes": [hash_code(code) for code in codes], "name": "recovery codes"}
    RecoveryCodes.objects.update_or_create(user_id=user_id, defaults=hashes)
    return codes
