"""Given, in every test of the API: a funded platform that calls, and counters that start at zero."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.api_client import Api
from tests.factories import PlatformFactory
from tests.processes import Web, run_web


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def platform():
    return PlatformFactory(funds="1000")


@pytest.fixture
def api(platform):
    return Api.of(platform)


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web server of two processes on the test's database, where nobody has called too often."""
    environment = {
        "DEBUG": "false",
        "API_REQUESTS_PER_MINUTE": "1000000",
        "API_PLATFORM_REQUESTS_PER_MINUTE": "1000000",
        "API_WORKER_REQUESTS_PER_MINUTE": "1000000",
        "API_ADDRESS_REQUESTS_PER_MINUTE": "1000000",
        "SIGN_IN_FAILURES_PER_ADDRESS": "1000000",
    }
    log = tmp_path_factory.mktemp("web") / "web.log"
    with run_web(log, processes=2, threads=10, environment=environment) as server:
        yield server
