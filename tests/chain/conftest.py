import pytest

from tests.support.servers.chain_node import run_node


@pytest.fixture
def node(settings):
    """A chain on which nothing has happened, but that the token is there."""
    with run_node() as one:
        settings.CHAIN_RPC_URL = one.url
        settings.CIRCLE_USDC_ADDRESS = one.token
        settings.SETTLEMENT_CONFIRMATIONS = 3
        yield one
        assert one.process.poll() is None
