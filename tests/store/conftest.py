"""ClickHouse's engine behind its HTTP interface, and the real client: `make store` installs both."""

from importlib.util import find_spec

import pytest

from tests.support.creators.usage import have_months
from tests.support.servers.clickhouse import run_clickhouse

if find_spec("chdb") is None or find_spec("clickhouse_connect") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with run_clickhouse(tmp_path_factory.mktemp("clickhouse")) as one:
        yield one


@pytest.fixture
def clickhouse(server, settings):
    """A server without events, at the address of the settings; PostgreSQL has all events alone."""
    server.run("DROP TABLE IF EXISTS usage_events")
    settings.USAGE_STORE_URL = server.url
    have_months()
    return server
