"""Social networks whose accounts workers link: data in `SOCIAL_NETWORKS`, so that a new network needs no
code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from django.conf import settings

from gigstream.network.outbound import ForbiddenUrl, parse_url
from workers.social.errors import UnknownNetwork

NAME = re.compile(r"[a-z][a-z0-9_-]{0,23}", re.ASCII)
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")


@dataclass(frozen=True, slots=True)
class Network:
    """A social network as a server of OAuth 2.0. `user_id_at` and `username_at` are paths in the answer of
    `userinfo_url`, as in `data.id`."""

    name: str
    title: str
    client_id: str
    authorization_url: str
    token_url: str
    userinfo_url: str
    user_id_at: str
    username_at: str
    scope: str = ""
    client_secret: str = ""
    token_auth_method: str = "client_secret_basic"  # noqa: S105 - a name of RFC 7591

    @property
    def service(self) -> str:
        """The name of the network's circuit breaker."""
        return f"social:{self.name}"


def all_networks() -> dict[str, Network]:
    """Return the networks of the settings by their names."""
    return {name: Network(name=name, **data) for name, data in settings.SOCIAL_NETWORKS.items()}


def find_network(name: str) -> Network:
    """Return the network of this name. Raise UnknownNetwork."""
    networks = all_networks()
    if name not in networks:
        known = ", ".join(sorted(networks)) or "none yet"
        raise UnknownNetwork(f"no accounts of {name} are linked here; networks: {known}")
    return networks[name]


def network_faults(networks: object, *, allow_loopback: bool) -> Iterator[str]:
    """Yield each fault in the data of networks, for the check of the settings."""
    if not isinstance(networks, Mapping):
        yield "not an object of networks by their names"
        return
    for name, data in networks.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            yield f"{name!r} is not a name of 1 to 24 lower-case letters and digits"
        elif not isinstance(data, Mapping) or not all(isinstance(value, str) for value in data.values()):
            yield f"{name}: not an object of texts"
        else:
            yield from (f"{name}: {fault}" for fault in _faults_of(data, allow_loopback))


def _faults_of(data: Mapping[str, Any], allow_loopback: bool) -> Iterator[str]:
    known = {field.name: field.default for field in fields(Network) if field.name != "name"}
    yield from (f"unknown: {field}" for field in sorted(data.keys() - known.keys()))
    needed = (field for field, default in known.items() if default is MISSING)
    yield from (f"missing: {field}" for field in needed if not data.get(field))
    method = data.get("token_auth_method", AUTH_METHODS[0])
    if method not in AUTH_METHODS:
        yield f"token_auth_method must be one of {', '.join(AUTH_METHODS)}"
    elif (method == "none") is bool(data.get("client_secret")):
        yield "client_secret must be there, or token_auth_method be none"
    for field in ("authorization_url", "token_url", "userinfo_url"):
        if data.get(field):
            yield from (f"{field}: {fault}" for fault in _url_faults(data[field], allow_loopback))


def _url_faults(url: str, allow_loopback: bool) -> Iterator[str]:
    try:
        parse_url(url, allow_loopback=allow_loopback)
    except ForbiddenUrl as error:
        yield str(error)
