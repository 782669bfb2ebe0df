"""Questions about platforms and their keys."""

import hmac
import re
from datetime import datetime

from platforms.models import ApiKey
from platforms.services.parties import hash_key

_KEY = re.compile(r"gs_(?:live|test)_(?P<prefix>[0-9a-z]{4,16})_[A-Za-z0-9_-]{20,}", re.ASCII)


def usable_key(text: str, now: datetime) -> ApiKey | None:
    """The key, with its platform, that this text is at `now`; None for a wrong, revoked or expired one."""
    shape = _KEY.fullmatch(text)
    if shape is None:
        return None
    key = ApiKey.objects.select_related("platform").filter(prefix=shape["prefix"]).first()
    if key is None or not hmac.compare_digest(key.secret_hash, hash_key(text)):
        return None
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    return key if key.platform.deleted_at is None else None
