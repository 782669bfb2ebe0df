"""Guessing passwords is stopped per account, in the database, and per network address, in Redis."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from audit.context import current_actor
from gigstream.lib.cache import redis_away
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.network_addresses import address_key
from workers.errors import SignInLocked, SignInUnavailable
from workers.models import SignInAttempts
from workers.tokens import hash_email

logger = logging.getLogger(__name__)

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)

# Counted before the password is looked at, so that guesses side by side are no more than guesses in a row.
_TAKE = """
    INSERT INTO sign_in_attempts AS a (email_hash, tries, last_at) VALUES (%(email)s, 1, %(now)s)
    ON CONFLICT (email_hash) DO UPDATE
    SET tries = CASE WHEN a.last_at <= %(start)s THEN 1 ELSE least(a.tries + 1, %(most)s + 1) END,
        last_at = CASE WHEN a.last_at > %(start)s AND a.tries >= %(most)s THEN a.last_at ELSE %(now)s END
    RETURNING tries, last_at
"""


@atomic_with_retry
def take_try(email: str, *, now: datetime) -> None:
    """Count one try under the address, whether anybody has it or not.

    Raises SignInLocked after five without success, until 15 minutes after the fifth.
    """
    email_hash, start = hash_email(email), now - LOCKED_FOR
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"email": email_hash, "now": now, "start": start, "most": TRIES})
        tries, last_at = cursor.fetchone()
    if tries > TRIES:
        raise _locked(last_at + LOCKED_FOR - now)


def forgive(email: str) -> None:
    """The right password was given: the tries before it do not count."""
    SignInAttempts.objects.filter(email_hash=hash_email(email)).delete()


def require_calm_address() -> None:
    """Raise SignInLocked after too many failures from this network address. Without Redis nobody may guess:
    SignInUnavailable."""
    failures = _counted(lambda key: cache.get(key, 0))
    if failures >= settings.SIGN_IN_FAILURES_PER_ADDRESS:
        raise _locked(LOCKED_FOR)


def count_failure_of_address() -> None:
    """One more failure from this network address; they are forgotten 15 minutes after the first."""
    _counted(_increase)


def _increase(key: str) -> int:
    cache.add(key, 0, timeout=int(LOCKED_FOR.total_seconds()))
    return cache.incr(key)


def _counted(act: Callable[[str], int]) -> int:
    try:
        return act(f"sign_in_failures:{address_key(current_actor().ip_address)}")
    except redis_away(ValueError) as error:
        logger.warning("sign-ins are refused: failures cannot be counted: %s", type(error).__name__)
        raise SignInUnavailable(
            "signing in is not possible now, try again soon", retry_after_seconds=5
        ) from error


def _locked(wait: timedelta) -> SignInLocked:
    seconds = max(int(wait.total_seconds()), 1)
    return SignInLocked(f"too many failures: no sign-in for {seconds} seconds", retry_after_seconds=seconds)
