"""Access tokens of workers (JWT).

The JWT library is imported with the first token: commands, which see none, start sooner.
"""

import base64
import functools
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
    """Claims of a genuine access token."""

    worker_id: UUID
    session_id: UUID
    issued_at: datetime
    expires_at: datetime

    def hold_at(self, now: datetime) -> bool:
        return self.issued_at <= now < self.expires_at


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A verified signature of a wallet on the chain of payouts: its address in lower case, and the nonce in
    its message."""

    address: str
    nonce: str


@dataclass(frozen=True, slots=True)
class SignedAccount:
    """A verified signature of an account of any chain: the chain's CAIP-2 id, the address in lower case, and
    the nonce in its message."""

    chain: str
    address: str
    nonce: str


def _signing_key() -> bytes:
    """Derive the signing key from SECRET_KEY, for this use alone."""
    return salted_hmac("gigstream.workers.access", "key", algorithm="sha256").digest()


@functools.cache
def _as_jwk(key: bytes) -> "jwt.PyJWK":
    """Return the key in the library's form. Plain bytes would be searched for certificates at each use."""
    import jwt

    text = base64.urlsafe_b64encode(key).decode().rstrip("=")
    return jwt.PyJWK({"kty": "oct", "k": text, "alg": _ALGORITHM})


def make_access_token(*, worker_id: UUID, session_id: UUID, now: datetime) -> str:
    """Return a token that opens the worker's addresses for 24 hours from `now`, while the session lasts."""
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
    return jwt.encode(claims, _signing_key(), algorithm=_ALGORITHM)


def read_access_token(text: str) -> Claims | None:
    """Return the claims of a token that was signed here, expired or not; None for any other text."""
    import jwt

    if len(text) > LONGEST or text.count(".") != 2:
        return None
    try:
        # The caller, who has the database's time, judges whether it has expired.
        claims = jwt.decode(
            text,
            _as_jwk(_signing_key()),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
        )
        return _parse_claims(claims) if claims["typ"] == _KIND else None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        return None


def _parse_claims(claims: dict[str, object]) -> Claims:
    return Claims(
        worker_id=UUID(str(claims["sub"])),
        session_id=UUID(str(claims["sid"])),
        issued_at=datetime.fromtimestamp(int(str(claims["iat"])), UTC),
        expires_at=datetime.fromtimestamp(int(str(claims["exp"])), UTC),
    )
