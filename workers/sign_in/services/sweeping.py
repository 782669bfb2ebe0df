"""Removal of expired rows of sign-in."""

from datetime import datetime

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import delete_some
from gigstream.core.unit import in_unit
from gigstream.sign_in.guessing import DAY, LOCKED_FOR
from gigstream.sign_in.models import SignInAttempts
from workers.models import PasswordReset, RefreshToken, Registration, WalletNonce, WorkerSession


@in_unit
def sweep_sign_in(*, now: datetime | None = None) -> int:
    """Delete sessions, tokens, nonces and counted tries that have expired; return how many."""
    now = now or database_now()
    return sum(
        delete_some(rows)
        for rows in (
            RefreshToken.objects.filter(expires_at__lte=now),
            WorkerSession.objects.filter(expires_at__lte=now),
            # Kept for a day: they bound the letters to an address.
            PasswordReset.objects.filter(created_at__lte=now - DAY),
            Registration.objects.filter(expires_at__lte=now),
            WalletNonce.objects.filter(expires_at__lte=now),
            SignInAttempts.objects.filter(last_at__lte=now - LOCKED_FOR).exclude(source_hash=""),
            SignInAttempts.objects.filter(began_at__lte=now - DAY, source_hash=""),
        )
    )
