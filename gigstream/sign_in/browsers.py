"""Browsers and apps: a random id that the answer to a sign-in leaves in a cookie, or that an app makes.

It is the same for all accounts there, so that those of one person can be seen; it opens nothing.
"""

import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings

COOKIE = "gigstream_browser"
LIFE = timedelta(days=365)
SHORTEST, LONGEST = 16, 64
FORM = f"[A-Za-z0-9_-]{{{SHORTEST},{LONGEST}}}"
_ID = re.compile(FORM, re.ASCII)


def find_device(cookies: Any, given: str = "") -> str:
    """Return the id that an app has given, or that of the browser's cookie; empty without either."""
    found = given or cookies.get(COOKIE, "")
    return found if _ID.fullmatch(found) else ""


def new_device_id() -> str:
    return secrets.token_urlsafe(24)


def remember_browser(response: Any, device_id: str, *, path: str) -> None:
    """Have the browser keep its id, sent back to the addresses under this path alone."""
    response.set_cookie(
        COOKIE,
        device_id,
        max_age=LIFE,
        path=path,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
