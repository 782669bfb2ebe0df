"""Rows of signing in that nobody needs any more."""

from datetime import datetime

from django.db.models import QuerySet

from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from workers.models import PasswordReset, RefreshToken, SignInAttempts, WalletNonce, WorkerSession
from workers.services.guessing import LOCKED_FOR

AT_ONCE = 10_000


@atomic_with_retry
def sweep_sign_in(*, now: datetime | None = None) -> int:
    """Sessions, tokens, nonces and counted tries whose time is over are gone; returns how many."""
    now = now or database_now()
    return sum(
        _delete(rows)
        for rows in (
            RefreshToken.objects.filter(expires_at__lte=now),
            WorkerSession.objects.filter(expires_at__lte=now),
            PasswordReset.objects.filter(expires_at__lte=now),
            WalletNonce.objects.filter(expires_at__lte=now),
            SignInAttempts.objects.filter(last_at__lte=now - LOCKED_FOR),
        )
    )


def _delete(rows: QuerySet) -> int:
    return rows.model.objects.filter(pk__in=rows.values("pk")[:AT_ONCE]).delete()[0]
