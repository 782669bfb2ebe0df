"""Client of OAuth 2.0 (RFC 6749) with PKCE (RFC 7636), by Authlib over connections of ours: pinned to public
addresses, limited in time and bytes, without redirects."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings

from gigstream.core.people.names import InvalidName, normal_name
from gigstream.network import outbound
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, CredentialsRefused, ServiceUnavailable
from workers.social.models import LONGEST_USER_ID, LONGEST_USERNAME
from workers.social.networks import Network

if TYPE_CHECKING:
    # Loaded with the first authorization: it takes longer than the rest of a command's start.
    from authlib.oauth2.client import OAuth2Client

CALL_SECONDS = 5.0
# Codes come from browsers. So each other refusal of the network counts as one of the code: no user can make a
# network look unwell, for which it would not be called for a while.
_UNWELL = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client"})
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class SocialUser:
    """A user of a network, as the network itself names them."""

    network: str
    user_id: str
    username: str


def authorization_url(network: Network, *, state: str, verifier: str) -> str:
    """Return the address at the network where the worker gives their consent."""
    url, _ = _client(network).create_authorization_url(
        network.authorization_url, state=state, code_verifier=verifier
    )
    return str(url)


def fetch_user(network: Network, *, code: str, verifier: str) -> SocialUser:
    """Redeem the code and return the user who has consented; the token is dropped.

    Raises CallRefused where the network refuses the code, CredentialsRefused where it refuses our client,
    else ServiceUnavailable.
    """
    client = _client(network)
    with _translated_errors(network):
        client.fetch_token(
            network.token_url, grant_type="authorization_code", code=code, code_verifier=verifier
        )
        url, headers, _ = client.token_auth.prepare(network.userinfo_url, {}, None)
        answer = _send("GET", url, headers={**headers, "Accept": "application/json"})
        answer.raise_for_status()
        return _read_user(network, answer.json())


def _client(network: Network) -> "OAuth2Client":
    from authlib.oauth2.client import OAuth2Client

    return OAuth2Client(
        _Session(),
        client_id=network.client_id,
        client_secret=network.client_secret or None,
        token_endpoint_auth_method=network.token_auth_method,
        scope=network.scope or None,
        redirect_uri=settings.SOCIAL_REDIRECT_URL,
        code_challenge_method="S256",
    )


@contextmanager
def _translated_errors(network: Network) -> Iterator[None]:
    """Raise errors of calls for those of the protocol, of the connection and of the answer's form."""
    from authlib.oauth2 import OAuth2Error

    try:
        yield
    except outbound.RequestFailed as error:
        raise ServiceUnavailable(f"{network.name}: {error.reason}") from None
    except outbound.ForbiddenUrl as error:
        raise ServiceUnavailable(f"{network.name}: {error}", sent=False) from None
    except OAuth2Error as error:
        code = str(error.error)[:60]
        if code in _CLIENT_REFUSED:
            raise CredentialsRefused(f"{network.name} refuses our client: {code}") from None
        if code in _UNWELL:
            raise ServiceUnavailable(f"{network.name} answers {code}") from None
        raise _refused(f"{network.name} answers {code}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServiceUnavailable(f"{network.name}: not understood: {type(error).__name__}") from None


def _refused(message: str) -> CallRefused:
    return CallRefused(message, error_class=ErrorClass.INVALID_REQUEST)


def _read_user(network: Network, answer: Any) -> SocialUser:
    """Return the user in the answer. Raise ValueError for an answer without a usable id and name."""
    user_id, username = _find(answer, network.user_id_at), _find(answer, network.username_at)
    if isinstance(user_id, int) and not isinstance(user_id, bool):
        user_id = str(user_id)
    if not isinstance(user_id, str) or not isinstance(username, str):
        raise ValueError("an id and a username are texts")  # noqa: TRY004 - of an answer, not of ours
    if not user_id.isascii() or not user_id.isprintable() or " " in user_id:
        raise ValueError("an id is plain")
    try:
        username = normal_name(username)
    except InvalidName as error:
        raise ValueError("the username is not readable") from error
    if not 0 < len(user_id) <= LONGEST_USER_ID or len(username) > LONGEST_USERNAME:
        raise ValueError("the id or the username is too long")
    return SocialUser(network.name, user_id, username)


def _find(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[name]
    return answer


class _Session:
    """The part of an HTTP session that Authlib's client uses."""

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> "_Answer":
        url, signed, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _send("POST", url, headers=signed, body=body.encode())


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer in the form that Authlib reads."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        """Return the body's content, without the description of an error: Authlib does not read one with
        quotes, and a network may quote the code. Raise ValueError."""
        content = json.loads(self.body)
        if isinstance(content, dict):
            content.pop("error_description", None)
        return content

    def raise_for_status(self) -> None:
        """Raise CallRefused or ServiceUnavailable for a status that is no success."""
        _require_success(self.status_code)


def _send(method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> _Answer:
    """Send the request and return the answer. Raise ServiceUnavailable for a redirect or an answer that is
    not JSON, CallRefused for a refusal that is not JSON, and errors of `outbound`."""
    target = outbound.parse_url(url, allow_loopback=settings.SOCIAL_ALLOW_LOOPBACK)
    answer = outbound.exchange(target, method, body=body, headers=headers, seconds=CALL_SECONDS)
    is_json = answer.content_type == "application/json" or answer.content_type.endswith("+json")
    if not is_json:
        _require_success(answer.status)
        raise ServiceUnavailable(f"the content type of the answer is {answer.content_type[:60]!r}")
    if 300 <= answer.status < 400:
        _require_success(answer.status)
    return _Answer(answer.status, answer.body)


def _require_success(status: int) -> None:
    """Raise CallRefused for a refusal, ServiceUnavailable for any other status that is no success."""
    if 400 <= status < 500 and status != _TOO_MANY:
        raise _refused(f"the status of the answer is {status}")
    if not 200 <= status < 300:
        raise ServiceUnavailable(f"the status of the answer is {status}")
