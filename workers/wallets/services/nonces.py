"""Numbers used once, for messages that wallets sign."""

import secrets
import string
from datetime import datetime, timedelta

from gigstream.core.clock import database_now
from workers.models import WalletNonce

LIFE = timedelta(minutes=5)
LENGTH = 20
_LETTERS = string.ascii_letters + string.digits


def make_nonce(*, now: datetime | None = None) -> WalletNonce:
    """Make a nonce, good for 5 minutes and a single message."""
    now = now or database_now()
    nonce = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
    return WalletNonce.objects.create(nonce=nonce, created_at=now, expires_at=now + LIFE)


def spend_nonce(*, nonce: str, now: datetime) -> bool:
    """Spend the nonce; return whether it was fresh."""
    fresh = WalletNonce.objects.filter(nonce=nonce, used_at=None, expires_at__gt=now)
    return fresh.update(used_at=now) == 1
