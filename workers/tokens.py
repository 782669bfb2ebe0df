"""The texts that workers sign in with: access tokens (JWT) that tell who calls, and random ones.

The library of the tokens is loaded with the first of them: commands, which see none, start sooner.
"""

import base64
import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    import jwt

LIFE = timedelta(hours=24)
LONGEST = 2048
_ALGORITHM = "HS256"
_AUDIENCE = "gigstream:workers"
_KIND = "access"
_CLAIMS = ["sub", "sid", "jti", "iat", "exp", "typ", "aud"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine access token says."""

    worker_id: UUID
    session_id: UUID
    issued_at: datetime
    expires_at: datetime

    def hold_at(self, now: datetime) -> bool:
        return self.issued_at <= now < self.expires_at


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """What a wallet has truly signed: its address in lower case, and the nonce in its message."""

    address: str
    nonce: str


def _key() -> bytes:
    """From SECRET_KEY, for this use alone."""
    return salted_hmac("gigstream.workers.access", "key", algorithm="sha256").digest()


@functools.cache
def _prepared(key: bytes) -> "jwt.PyJWK":
    """The key as the library wants it. Given as it is, it would be looked through for certificates at each
    use."""
    import jwt

    text = base64.urlsafe_b64encode(key).decode().rstrip("=")
    return jwt.PyJWK({"kty": "oct", "k": text, "alg": _ALGORITHM})


def access_token(*, worker_id: UUID, session_id: UUID, now: datetime) -> str:
    """Opens the worker's addresses for 24 hours from `now`, while the session lasts."""
    import jwt

    at = int(now.timestamp())
    claims = {
        "sub": str(worker_id),
        "sid": str(session_id),
        "jti": uuid4().hex,
        "iat": at,
        "exp": at + int(LIFE.total_seconds()),
        "typ": _KIND,
        "aud": _AUDIENCE,
    }
    return jwt.encode(claims, _key(), algorithm=_ALGORITHM)


def read_access_token(text: str) -> Claims | None:
    """What the token says if it is one of ours, whatever the time; None for any other text."""
    import jwt

    if len(text) > LONGEST or text.count(".") != 2:
        return None
    try:
        # Whether it holds now is for the caller, who has the database's time.
        claims = jwt.decode(
            text,
            _prepared(_key()),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
        )
        return _claims(claims) if claims["typ"] == _KIND else None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        return None


def _claims(claims: dict[str, object]) -> Claims:
    return Claims(
        worker_id=UUID(str(claims["sub"])),
        session_id=UUID(str(claims["sid"])),
        issued_at=datetime.fromtimestamp(int(str(claims["iat"])), UTC),
        expires_at=datetime.fromtimestamp(int(str(claims["exp"])), UTC),
    )


def random_token(prefix: str) -> str:
    """256 random bits, with a word that tells what they are for."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_token(text: str) -> str:
    """SHA-256: fast is right for 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_email(email: str) -> str:
    """The address as a keyed hash, which tells nothing to who reads the table."""
    return salted_hmac("gigstream.workers.attempts", email, algorithm="sha256").hexdigest()
