"""Given, in every test of the API: a funded platform that calls, and counters that start at zero."""

from collections.abc import Callable, Iterator
from functools import cache as remembered

import pytest
from django.core.cache import cache
from pytest_django import DjangoDbBlocker

from tests.support.api.client import Api, leave_uses_unnoted
from tests.support.api.requests import ASKS, Ask
from tests.support.api.sockets import LiveApi
from tests.support.database import emptying
from tests.support.factories import PlatformFactory
from tests.support.servers.processes import NO_RATE_LIMIT, Web, run_web


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def platform():
    return PlatformFactory(funds="1000")


@pytest.fixture
def api(platform):
    return Api.of(platform)


@pytest.fixture(scope="session")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web server of two processes on the tests' database, where nobody has called too often."""
    environment = {
        "DEBUG": "false",
        **NO_RATE_LIMIT,
        "SIGN_IN_FAILURES_PER_ADDRESS": "1000000",
    }
    log = tmp_path_factory.mktemp("web") / "web.log"
    with run_web(log, processes=2, threads=10, environment=environment) as server:
        yield server


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For tests that move nothing: what is written stays for the module's other tests."""
    with django_db_blocker.unblock():
        yield
        emptying.empty_database()


@pytest.fixture(scope="module")
def asked(committed: None, web: Web) -> Callable[[str], tuple[Ask, LiveApi]]:
    """Return the request that an operation's owner may make, made once, and the owner's way to the server."""

    @remembered
    def made(name: str) -> tuple[Ask, LiveApi]:
        ask = ASKS[name]()
        live = LiveApi(web.port, ask.api().headers)
        leave_uses_unnoted()
        return ask, live

    return made
