"""Rows of signing in that nobody needs any more."""

from datetime import datetime

from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, delete_some
from workers.models import (
    PasswordReset,
    RefreshToken,
    Registration,
    SignInAttempts,
    WalletNonce,
    WorkerSession,
)
from workers.services.guessing import DAY, LOCKED_FOR


@atomic_with_retry
def sweep_sign_in(*, now: datetime | None = None) -> int:
    """Sessions, tokens, nonces and counted tries whose time is over are gone; returns how many."""
    now = now or database_now()
    return sum(
        delete_some(rows)
        for rows in (
            RefreshToken.objects.filter(expires_at__lte=now),
            WorkerSession.objects.filter(expires_at__lte=now),
            # Kept for a day: they bound the letters to one address.
            PasswordReset.objects.filter(created_at__lte=now - DAY),
            Registration.objects.filter(expires_at__lte=now),
            WalletNonce.objects.filter(expires_at__lte=now),
            SignInAttempts.objects.filter(last_at__lte=now - LOCKED_FOR).exclude(source_hash=""),
            SignInAttempts.objects.filter(began_at__lte=now - DAY, source_hash=""),
        )
    )
