import pytest

from tests.support.oracle.contract import deploy
from tests.support.oracle.creators import registered_source
from tests.support.oracle.proxy import run_proxy
from tests.support.servers.chain_node import run_node


@pytest.fixture
def source():
    """A source of numbers over the catalogue."""
    with registered_source() as one:
        yield one


@pytest.fixture
def node(settings):
    """A chain on which nothing has happened, but that the token is there."""
    with run_node() as one:
        settings.CHAIN_RPC_URL = one.url
        settings.CIRCLE_USDC_ADDRESS = one.token
        settings.SETTLEMENT_CONFIRMATIONS = 2
        yield one
        assert one.process.poll() is None


@pytest.fixture
def deployed(node, settings):
    """The registry contract on the node, to which this installation writes."""
    return deploy(node, settings)


@pytest.fixture
def proxy(node, settings):
    """A proxy before the node, to which this installation is connected."""
    with run_proxy(node.url) as between:
        settings.CHAIN_RPC_URL = between.url
        yield between
