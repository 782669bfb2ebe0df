"""The simulator of a social network in a process of its own, and a browser that consents there."""

import atexit
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import urllib3
from django.conf import settings

CLIENT_ID, CLIENT_SECRET = "gigstream-tests", "the client's secret"
NAME = "chirp"


@dataclass(frozen=True)
class SocialNetwork:
    """A network that runs."""

    url: str

    def settings(self, **changes: str) -> dict[str, dict[str, str]]:
        """Return `SOCIAL_NETWORKS` with this network alone."""
        data = {
            "title": "Chirp",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "authorization_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "userinfo_url": f"{self.url}/userinfo",
            "scope": "users.read",
            "user_id_at": "data.id",
            "username_at": "data.username",
        }
        return {NAME: {**data, **changes}}

    def add_user(self, user_id: object, username: object) -> None:
        self._control("users", id=user_id, username=username)

    def fail(self, at: str, kind: str, *, times: int = 1, seconds: float = 1) -> None:
        """Let the next calls of an endpoint fail."""
        self._control("faults", at=at, kind=kind, times=times, seconds=seconds)

    def expire_codes(self) -> None:
        self._control("expire")

    def calls(self) -> Mapping[str, int]:
        """Return how often each endpoint was called."""
        answer = urllib3.request("GET", f"{self.url}/control/calls", retries=False)
        calls: dict[str, int] = answer.json()
        return calls

    def consent(self, authorization_url: str, login: str) -> dict[str, str]:
        """Consent as this user, as in a browser; return the parameters with which the network sends back."""
        answer = urllib3.request(
            "GET", f"{authorization_url}&{urlencode({'login': login})}", redirect=False, retries=False
        )
        assert answer.status == 302, answer.data
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def _control(self, name: str, **body: Any) -> None:
        answer = urllib3.request("POST", f"{self.url}/control/{name}", json=body, retries=False)
        assert answer.status == 200, answer.data


@cache
def running_network() -> SocialNetwork:
    """Return the network of this process, which runs until the process ends."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gigstream.simulators.oauth"),
            *("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET, "--user", "1:first"),
        ],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_end, process)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("listening on "), said
    return SocialNetwork(said.split()[-1])


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.wait(timeout=30)


def use_network(target: Any = settings, **changes: str) -> SocialNetwork:
    """Have the settings name the running network alone."""
    network = running_network()
    target.SOCIAL_NETWORKS = network.settings(**changes)
    target.SOCIAL_ALLOW_LOOPBACK = True
    return network
