"""Second factors of staff: authenticator apps and recovery codes."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from audit.log.services import record, verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.staff.errors import WrongCode
from gigstream.staff.models import Authenticator, RecoveryCodes, hash_code
from gigstream.staff.services.sessions import end_sessions
from gigstream.staff.services.signing_in import require_reauthentication, use_code

RECOVERY_CODES = 10
KEY_BYTES = 20
REPLACE = "staff.replace_second_factor"
# Without letters and digits that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def find_authenticator(user: User) -> Authenticator | None:
    """Return the account's confirmed authenticator, or else that which is offered; None without either."""
    return Authenticator.objects.filter(user=user).order_by("-confirmed").first()


def offer_authenticator(*, user: User) -> Authenticator:
    """Return the account's confirmed authenticator, or else an offer of its first, created if missing."""
    found = find_authenticator(user)
    return found or Authenticator.objects.get_or_create(user=user, confirmed=False, defaults=_make_key())[0]


def _make_key() -> dict[str, str]:
    return {"key": secrets.token_hex(KEY_BYTES), "name": "authenticator"}


def confirm_authenticator(
    *, user_id: int, code: str, session_key: str
) -> tuple[Authenticator, Sequence[str]]:
    """Confirm the account's first app by a code of it; return it with new recovery codes.

    Other sessions, which began without it, end. Raises WrongCode.
    """
    _require_code(user_id, code, confirmed=False)
    return _add_authenticator(user_id=user_id, session_key=session_key)


def offer_replacement(
    *, user_id: int, password: str, code: str, now: datetime | None = None
) -> Authenticator:
    """Create an authenticator to replace the present app, which stays in use until the new app is confirmed.

    Needs the password and a code, of the app in use or for recovery. An earlier offer is discarded. Raises
    SignInRefused, SignInLocked or SignInUnavailable.
    """
    require_reauthentication(REPLACE, user_id=user_id, password=password, code=code, now=now)
    return _create_offer(user_id=user_id)


@in_unit
def _create_offer(*, user_id: int) -> Authenticator:
    user = _lock_user(user_id)
    Authenticator.objects.filter(user=user, confirmed=False).delete()
    return Authenticator.objects.create(user=user, confirmed=False, **_make_key())


def replace_authenticator(
    *, user_id: int, code: str, session_key: str
) -> tuple[Authenticator, Sequence[str]]:
    """Confirm the offered app by a code of it; the old app, its recovery codes and other sessions end.

    Returns the app with its recovery codes. Raises WrongCode.
    """
    _require_code(user_id, code, confirmed=False)
    return _swap_authenticator(user_id=user_id, session_key=session_key)


def new_recovery_codes(*, user_id: int, code: str) -> Sequence[str]:
    """Replace all recovery codes; needs a code of the app. Raises WrongCode."""
    _require_code(user_id, code, confirmed=True)
    return _replace_recovery_codes(user_id=user_id)


def _require_code(user_id: int, code: str, *, confirmed: bool) -> None:
    if use_code(Authenticator, user_id, code, confirmed=confirmed) is None:
        raise WrongCode("the code is wrong, or comes too soon after a wrong code")


@verb("staff.add_second_factor", "user")
def _add_authenticator(*, user_id: int, session_key: str) -> tuple[Authenticator, Sequence[str]]:
    user = _lock_user(user_id)
    if Authenticator.objects.filter(user=user, confirmed=True).exists():
        raise WrongCode("an app is in use already: replace it")
    return _activate_authenticator("staff.add_second_factor", user, session_key)


@verb(REPLACE, "user")
def _swap_authenticator(*, user_id: int, session_key: str) -> tuple[Authenticator, Sequence[str]]:
    user = _lock_user(user_id)
    Authenticator.objects.filter(user=user, confirmed=True).delete()
    return _activate_authenticator(REPLACE, user, session_key)


def _lock_user(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _activate_authenticator(action: str, user: User, session_key: str) -> tuple[Authenticator, Sequence[str]]:
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
