"""Records through Circle's client and its simulator, which executes them on a real node."""

from datetime import UTC, datetime, timedelta

import pytest

from payments import services as payments
from payments.models import ChainOperation, CreatorSync, GasSpending
from payments.oracle.calculations import unpack_numbers
from payments.oracle.services.providers import oracle_of
from payments.settlement.provider.circle import CircleProvider
from payments.settlement.provider.protocol import GasBid
from tests.support.database.identity import CIRCLE, database_made
from tests.support.factories import PlatformFactory
from tests.support.oracle.contract import deploy_for
from tests.support.oracle.creators import on_chain, played
from tests.support.servers.circle import START, house_of, run_simulator

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
NOW = datetime.fromtimestamp(START, UTC)


@pytest.fixture
def simulator(node, settings, tmp_path):
    account = node.wallets[5]
    settings.PAYMENT_PROVIDER = CIRCLE
    options = ("--still", "--start", str(START), "--node", node.url, "--account", account)
    with database_made(provider="circle"), run_simulator(tmp_path, *options) as one:
        settings.CIRCLE_READ_SECONDS = 5
        house_of(one, CircleProvider(), settings)
        yield one


@pytest.fixture(params=["read by the node", "read by Circle"])
def registry(request, node, simulator, settings):
    if request.param == "read by Circle":
        settings.CHAIN_RPC_URL = ""
    return deploy_for(node, node.wallets[5], settings)


class Time:
    def __init__(self, simulator, node):
        self.simulator, self.node, self.now = simulator, node, NOW

    def pass_by(self, seconds=10, blocks=1):
        self.now += timedelta(seconds=seconds)
        self.simulator.advance(seconds)
        if blocks:
            self.node.mine(blocks)
        self.simulator.advance(2)
        oracle = oracle_of(CircleProvider())
        payments.submit_operations(now=self.now, oracle=oracle)
        payments.follow_operations(now=self.now, oracle=oracle)

    def until_it_ends(self):
        for _ in range(8):
            self.pass_by()
        found = ChainOperation.objects.get()
        return found.status, found.trouble, found.error_message


@pytest.fixture
def time(simulator, node):
    return Time(simulator, node)


def test_numbers_reach_the_chain_through_circle(registry, time, source, settings):
    one = on_chain(now=NOW)
    played(source, one, 77)
    payments.sync_metrics(now=NOW, oracle=oracle_of(CircleProvider()))

    assert time.until_it_ends() == ("confirmed", "", "")

    assert unpack_numbers(registry.packed(one.platform, one.metrics_address)).plays == 77
    assert CreatorSync.objects.get().plays == 77
    receipt = registry.node.web3.eth.get_transaction_receipt(ChainOperation.objects.get().tx_hash)
    spending = GasSpending.objects.get()
    assert spending.fee > 0
    # Circle counts no gas; a node does.
    counted = receipt["gasUsed"] if settings.CHAIN_RPC_URL else None
    assert spending.gas_used == counted
    assert receipt["blockNumber"] == ChainOperation.objects.get().block_number


def test_a_call_that_would_revert_is_refused_by_its_estimate(registry, time, settings):
    """Another account may write."""
    deploy_for(registry.node, registry.node.wallets[6], settings)
    platform = PlatformFactory(now=NOW)
    payments.record_distribution(
        platform_id=platform.pk,
        number=1,
        total="1",
        root="0x" + "ab" * 32,
        now=NOW,
        oracle=oracle_of(CircleProvider()),
    )

    assert time.until_it_ends()[:2] == ("dead", "reverted")


def test_an_estimate_and_a_price_are_those_of_the_contract(registry):
    circle = CircleProvider()
    call = {
        "function": "recordDistribution(bytes16,bytes16,uint256,uint256,bytes32)",
        "parameters": ["0x" + "11" * 16, "0x" + "22" * 16, "1", "5", "0x" + "ab" * 32],
    }

    found = circle.estimate_contract(contract=registry.address, **call)

    assert all(isinstance(bid, GasBid) for bid in found.bids.values())
    assert 60_000 < found.bids["MEDIUM"].gas_limit < 200_000
