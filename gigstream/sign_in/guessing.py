"""Limits on guesses of passwords, per name and source, per name, and per network address.

The source of a try is a known device, or else the network address: a stranger elsewhere locks no owner out.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.crypto import salted_hmac

from audit.log.context import current_actor
from gigstream.core.unit import in_unit
from gigstream.network.network_addresses import address_key
from gigstream.network.redis_cache import redis_errors
from gigstream.sign_in.devices import known_device
from gigstream.sign_in.errors import SignInLocked, SignInUnavailable
from gigstream.sign_in.models import SignInAttempts
from gigstream.sign_in.tokens import hash_email

logger = logging.getLogger(__name__)

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
# From all network addresses together: too few to find a password, more than an owner's mistakes.
TRIES_A_DAY = 50
DAY = timedelta(hours=24)

# Counted before the password is checked, so that parallel guesses count like guesses in sequence.
_TAKE = """
    INSERT INTO sign_in_attempts AS a (email_hash, source_hash, tries, began_at, last_at)
    VALUES (%(name)s, %(source)s, 1, %(now)s, %(now)s)
    ON CONFLICT (email_hash, source_hash) DO UPDATE
    SET tries = CASE WHEN a.last_at <= %(start)s THEN 1 ELSE least(a.tries + 1, %(most)s + 1) END,
        began_at = CASE WHEN a.last_at <= %(start)s THEN %(now)s ELSE a.began_at END,
        last_at = CASE WHEN a.last_at > %(start)s AND a.tries >= %(most)s THEN a.last_at ELSE %(now)s END
    RETURNING tries, last_at
"""
_TAKE_OF_NAME = """
    INSERT INTO sign_in_attempts AS a (email_hash, source_hash, tries, began_at, last_at)
    VALUES (%(name)s, '', 1, %(now)s, %(now)s)
    ON CONFLICT (email_hash, source_hash) DO UPDATE
    SET tries = CASE WHEN a.began_at <= %(start)s THEN 1 ELSE least(a.tries + 1, %(most)s + 1) END,
        began_at = CASE WHEN a.began_at <= %(start)s THEN %(now)s ELSE a.began_at END,
        last_at = %(now)s
    RETURNING tries, began_at
"""


@in_unit
def take_try(name: str, *, now: datetime, device: str = "") -> None:
    """Count a try under the name, whether an account has it or not. `device` is the cookie of the caller's.

    Raise SignInLocked after five tries without success from a source, until 15 minutes after the fifth, and,
    unless the device is known, after 50 failures under the name within a day.
    """
    known = known_device(name, device)
    values: dict[str, Any] = {"name": hash_email(name), "source": _hash_source(name, known), "now": now}
    tries, last_at = _counted_in_row(_TAKE, {**values, "start": now - LOCKED_FOR, "most": TRIES})
    if tries > TRIES:
        raise _lock_refusal(last_at + LOCKED_FOR - now)
    if known is None:
        of_name = {**values, "start": now - DAY, "most": TRIES_A_DAY}
        tries, began_at = _counted_in_row(_TAKE_OF_NAME, of_name)
        if tries > TRIES_A_DAY:
            raise _lock_refusal(began_at + DAY - now)


def _counted_in_row(statement: str, values: dict[str, Any]) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        tries, at = cursor.fetchone()
        return tries, at


def _hash_source(name: str, device_id: str | None) -> str:
    """Return the source of the current request as a keyed hash, from which it cannot be guessed."""
    address = address_key(current_actor().ip_address)
    source = f"address {address}" if device_id is None else f"device {device_id}"
    return salted_hmac("gigstream.workers.sources", f"{name}\n{source}", algorithm="sha256").hexdigest()


_FORGIVE = """
    WITH gone AS (
        DELETE FROM sign_in_attempts
        WHERE email_hash = %(name)s AND (source_hash = %(source)s OR (source_hash = '' AND tries = 1))
    )
    UPDATE sign_in_attempts SET tries = tries - 1
    WHERE email_hash = %(name)s AND source_hash = '' AND tries > 1 AND %(counted)s
"""


def forgive_source(name: str, *, device: str = "") -> None:
    """Forget the tries from this source after the right password. Tries from other sources stay."""
    known = known_device(name, device)
    values: dict[str, Any] = {"name": hash_email(name), "source": _hash_source(name, known)}
    values["counted"] = known is None
    with connection.cursor() as cursor:
        cursor.execute(_FORGIVE, values)


def forgive_all(name: str) -> None:
    """Forget every try under the name, after its owner has chosen a new password."""
    SignInAttempts.objects.filter(email_hash=hash_email(name)).delete()


def require_calm_address() -> None:
    """Raise SignInLocked after too many failures from this network address, SignInUnavailable without
    Redis."""
    failures = _use_counter(lambda key: cache.get(key, 0))
    if failures >= settings.SIGN_IN_FAILURES_PER_ADDRESS:
        raise _lock_refusal(LOCKED_FOR)


def count_failure_of_address() -> None:
    """Count a failure from this network address. The count ends 15 minutes after the first."""
    _use_counter(_increase_failures)


def _increase_failures(key: str) -> int:
    cache.add(key, 0, timeout=int(LOCKED_FOR.total_seconds()))
    return cache.incr(key)


def _use_counter(use: Callable[[str], int]) -> int:
    try:
        return use(f"sign_in_failures:{address_key(current_actor().ip_address)}")
    except redis_errors(ValueError) as error:
        logger.warning("sign-ins are refused: failures cannot be counted: %s", type(error).__name__)
        raise SignInUnavailable(
            "signing in is not possible now, try again soon", retry_after_seconds=5
        ) from error


def _lock_refusal(wait: timedelta) -> SignInLocked:
    seconds = max(int(wait.total_seconds()), 1)
    return SignInLocked(f"too many failures: no sign-in for {seconds} seconds", retry_after_seconds=seconds)
