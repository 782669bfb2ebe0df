"""Known devices: a cookie that a sign-in leaves, so that strangers' failures do not lock its owner out.

It replaces no password. It proves only that somebody with the right password has signed in there under this
name before.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare

from gigstream.sign_in.tokens import hash_email

COOKIE = "gigstream_device"
LIFE = timedelta(days=180)
_SALT = "gigstream.workers.devices"


def new_device(name: str) -> str:
    """Return the text of a cookie for a device on which somebody has signed in under the name."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{hash_email(name)}.{secrets.token_hex(16)}")


def known_device(name: str, cookie: str) -> str | None:
    """Return the id of the device whose cookie this is, if it was made for the name; else None."""
    try:
        text = signing.TimestampSigner(salt=_SALT).unsign(cookie, max_age=LIFE) if cookie else ""
    except signing.BadSignature:
        return None
    name_hash, _, device_id = text.partition(".")
    return device_id if constant_time_compare(name_hash, hash_email(name)) else None


def remember_device(response: Any, name: str, *, path: str) -> None:
    """Have the browser keep a cookie for the name, sent back to this path alone."""
    response.set_cookie(
        COOKIE,
        new_device(name),
        max_age=LIFE,
        path=path,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
