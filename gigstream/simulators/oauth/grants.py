"""Users, codes and tokens of the network, in memory (RFC 6749, section 4.1; RFC 7636)."""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

# RFC 6749, section 4.1.2, wants at most ten minutes.
CODE_SECONDS = 60.0


class Refused(Exception):
    """An error of OAuth 2.0: its code, and the status of the answer."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class User:
    id: str
    username: str


@dataclass(slots=True)
class Grant:
    """A consent: its code, and the token that the code was redeemed for."""

    user: User
    redirect_uri: str
    challenge: str
    expires_at: float
    token: str = ""


@dataclass(slots=True)
class Grants:
    """All consents of the one client, and the users who can give them."""

    client_id: str
    client_secret: str
    users: dict[str, User] = field(default_factory=dict)
    by_code: dict[str, Grant] = field(default_factory=dict)
    by_token: dict[str, User] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_user(self, user_id: str, username: str) -> None:
        self.users[user_id] = User(user_id, username)

    def require_request(self, query: dict[str, str]) -> None:
        """Raise Refused unless the query is a request for a code, with PKCE by S256."""
        if query.get("client_id") != self.client_id:
            raise Refused("unauthorized_client", "the client is unknown")
        if not query.get("redirect_uri"):
            raise Refused("invalid_request", "redirect_uri is missing")
        if query.get("response_type") != "code":
            raise Refused("unsupported_response_type", "only codes are given")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise Refused("invalid_request", "a code_challenge by S256 is needed")
        if not query.get("state"):
            raise Refused("invalid_request", "state is missing")

    def consent(self, query: dict[str, str]) -> str:
        """Return the address that takes the user named by `login` back, with a code. Raise Refused."""
        self.require_request(query)
        user = self.users.get(query.get("login", ""))
        if user is None:
            raise Refused("access_denied", "nobody of this name consents")
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.by_code[code] = Grant(
                user, query["redirect_uri"], query["code_challenge"], time.monotonic() + CODE_SECONDS
            )
        return redirect_to(query["redirect_uri"], code=code, state=query["state"])

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, object]:
        """Return a token for the code. A second use of a code ends its token. Raise Refused."""
        self._require_client(form, authorization)
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type", "only codes are redeemed")
        with self.lock:
            grant = self.by_code.get(form.get("code", ""))
            if grant is None or grant.expires_at <= time.monotonic():
                raise Refused("invalid_grant", f"unknown or expired: {form.get('code')}")
            if grant.token:
                self.by_token.pop(grant.token, None)
                raise Refused("invalid_grant", "the code was used before")
            if form.get("redirect_uri") != grant.redirect_uri:
                raise Refused("invalid_grant", "redirect_uri differs")
            if not hmac.compare_digest(challenge_of(form.get("code_verifier", "")), grant.challenge):
                raise Refused("invalid_grant", "the code_verifier is not that of the challenge")
            grant.token = secrets.token_urlsafe(32)
            self.by_token[grant.token] = grant.user
        return {"access_token": grant.token, "token_type": "bearer", "expires_in": 7200}

    def user_of(self, authorization: str) -> User:
        """Return the user of a bearer token. Raise Refused."""
        user = self.by_token.get(authorization.removeprefix("Bearer "))
        if user is None:
            raise Refused("invalid_token", "the token is unknown", 401)
        return user

    def expire_codes(self) -> None:
        """Let every code expire that was not redeemed."""
        with self.lock:
            for grant in self.by_code.values():
                grant.expires_at = 0.0

    def _require_client(self, form: dict[str, str], authorization: str) -> None:
        """Raise Refused unless the client has shown its secret, in the header or in the body."""
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization[6:]).decode("latin1").partition(":")
            given = (name, secret)
        if not hmac.compare_digest(":".join(given), f"{self.client_id}:{self.client_secret}"):
            raise Refused("invalid_client", "the client's secret is wrong", 401)


def challenge_of(verifier: str) -> str:
    """Return the challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def redirect_to(address: str, **parameters: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
