"""A process that syncs, killed at each point: the next one ends it, and the chain has done it once."""

import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import ChainOperation, CreatorSync, GasSpending
from payments.oracle.calculations import unpack_numbers
from payments.oracle.selectors.shares import shares_root
from tests.support.books import violated
from tests.support.factories import PlatformFactory
from tests.support.long_forms import KILLS
from tests.support.oracle.contract import SIGNER_KEY, SIGNING
from tests.support.oracle.creators import on_chain, played
from tests.support.oracle.distributions import paid_distribution
from tests.support.oracle.proxy import run_proxy
from tests.support.servers.processes import database_url, run_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]
PATIENCE_SECONDS = 60
# Its own time goes by faster, so that nothing waits for a lease or a turn.
CODE = """
from datetime import timedelta
from uuid import UUID
from gigstream.core.clock import database_now
from payments import services
from payments.oracle.registry import registry
from tests.support.oracle.creators import CatalogueNumbers
registry.source = CatalogueNumbers(plays={UUID("%s"): 55})
at = database_now()
services.sync_metrics(now=at)
print("synced", flush=True)
while True:
    at += timedelta(seconds=3)
    services.submit_operations(now=at)
    services.follow_operations(now=at)
"""
# Recorded, it waits to be killed.
RECORDING = """
import time
from payments import services
services.record_distributions()
time.sleep(600)
"""


class Scene:
    """The chain with a creator whose numbers have moved, and a process that writes them once it is let go."""

    def __init__(self, deployed, proxy, creator, work, log, environment):
        self.deployed, self.proxy, self.creator, self.work = deployed, proxy, creator, work
        self.log, self._environment = log, environment
        self.code = CODE % work.pk
        self.process, self._running = None, None

    def go(self):
        self._running = run_code(self.code, log=self.log, environment=self._environment)
        self.process = self._running.__enter__()

    def end(self):
        self.proxy.release()
        if self._running is not None:
            self._running.__exit__(None, None, None)

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"it did not happen in time: {self.log.read_text()}"
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.01)

    def holds(self, method, *, after=False):
        self.proxy.hold(method, after=after)
        self.until(self.proxy.reached.is_set)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=30)
        self.proxy.release()

    @contextmanager
    def nothing_can_be_logged(self):
        """Lock the log, which each transaction writes last, and wait for somebody to wait for it."""
        with psycopg.connect(database_url()) as other:
            other.execute("LOCK TABLE audit_logs IN SHARE MODE")
            yield
            other.rollback()

    def until_somebody_waits(self):
        with psycopg.connect(database_url(), autocommit=True) as watcher:
            self.until(
                lambda: watcher.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock' AND query LIKE '%audit_logs%'"
                ).fetchone()[0]
            )


def before_the_operation_is_committed(scene):
    with scene.nothing_can_be_logged():
        scene.go()
        scene.until_somebody_waits()
        scene.kill()
    assert not ChainOperation.objects.exists()


def after_the_operation_is_committed(scene):
    scene.proxy.hold("eth_estimateGas")
    scene.go()
    scene.until(ChainOperation.objects.exists)
    scene.kill()


def while_the_cost_is_estimated(scene):
    scene.proxy.hold("eth_estimateGas")
    scene.go()
    scene.until(scene.proxy.reached.is_set)
    scene.kill()


def before_the_node_has_it(scene):
    scene.proxy.hold("eth_sendRawTransaction")
    scene.go()
    scene.until(scene.proxy.reached.is_set)
    scene.kill()
    assert ChainOperation.objects.get().status == "pending"


def after_the_node_has_it(scene):
    scene.proxy.hold("eth_sendRawTransaction", after=True)
    scene.go()
    scene.until(scene.proxy.reached.is_set)
    scene.kill()
    assert ChainOperation.objects.get().status == "pending"


def before_it_is_submitted(scene):
    scene.proxy.hold("eth_getTransactionByHash", after=True)
    scene.go()
    scene.until(scene.proxy.reached.is_set)
    with scene.nothing_can_be_logged():
        scene.proxy.release()
        scene.until_somebody_waits()
        scene.kill()
    assert ChainOperation.objects.get().status == "pending"


def after_it_is_submitted(scene):
    scene.go()
    scene.until(ChainOperation.objects.filter(status="submitted").exists)
    scene.kill()


def while_it_looks(scene):
    scene.go()
    scene.until(ChainOperation.objects.filter(status="submitted").exists)
    scene.holds("eth_getTransactionReceipt")
    scene.kill()


def while_it_reads_back(scene):
    scene.proxy.hold("eth_call")
    scene.go()
    scene.until(ChainOperation.objects.filter(status="submitted").exists)
    scene.deployed.node.mine(2)
    scene.until(scene.proxy.reached.is_set)
    scene.kill()
    assert ChainOperation.objects.get().status == "submitted"


def before_it_is_confirmed(scene):
    scene.proxy.hold("eth_call", after=True)
    scene.go()
    scene.until(ChainOperation.objects.filter(status="submitted").exists)
    scene.deployed.node.mine(2)
    scene.until(scene.proxy.reached.is_set)
    with scene.nothing_can_be_logged():
        scene.proxy.release()
        scene.until_somebody_waits()
        scene.kill()
    assert ChainOperation.objects.get().status == "submitted"


def after_it_is_confirmed(scene):
    scene.go()
    scene.until(ChainOperation.objects.filter(status="submitted").exists)
    scene.deployed.node.mine(2)
    scene.until(ChainOperation.objects.filter(status="confirmed").exists)
    scene.kill()


POINTS = [
    before_the_operation_is_committed,
    after_the_operation_is_committed,
    while_the_cost_is_estimated,
    before_the_node_has_it,
    after_the_node_has_it,
    before_it_is_submitted,
    after_it_is_submitted,
    while_it_looks,
    while_it_reads_back,
    before_it_is_confirmed,
    after_it_is_confirmed,
]


@pytest.fixture
def creator():
    return on_chain(PlatformFactory(now=database_now()), now=database_now())


@pytest.fixture
def scene(deployed, creator, source, settings, tmp_path):
    settings.SETTLEMENT_CONFIRMATIONS = 1
    work = played(source, creator, 55)
    log = tmp_path / "sync.log"
    with run_proxy(deployed.node.url) as proxy:
        environment = {
            "CHAIN_RPC_URL": proxy.url,
            "CHAIN_ID": str(settings.CHAIN_ID),
            "CHAIN_READ_SECONDS": "60",
            "CIRCLE_USDC_ADDRESS": settings.CIRCLE_USDC_ADDRESS,
            "SETTLEMENT_CONFIRMATIONS": "1",
            "ORACLE_CONTRACT": settings.ORACLE_CONTRACT,
            "ORACLE_PROVIDER": SIGNING,
            "ORACLE_SIGNER_KEY": SIGNER_KEY,
            "DATABASE_LOCK_TIMEOUT_MS": "60000",
            "DATABASE_STATEMENT_TIMEOUT_MS": "60000",
        }
        yield Scene(deployed, proxy, creator, work, log, environment)


def end_it(scene):
    """Have another process, that comes when the leases are over, do the rest."""
    at = database_now() + timedelta(hours=1)
    payments.sync_metrics(now=at, oracle=scene.deployed.oracle())
    for _ in range(8):
        at += timedelta(seconds=61)
        payments.submit_operations(now=at, oracle=scene.deployed.oracle())
        scene.deployed.node.mine(2)
        payments.follow_operations(now=at + timedelta(seconds=10), oracle=scene.deployed.oracle())


@pytest.mark.parametrize("attempt", range(-(-KILLS // len(POINTS))))
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
def test_a_killed_process_leaves_each_operation_to_be_done_once(scene, point, attempt):
    try:
        point(scene)
    finally:
        scene.end()

    end_it(scene)

    operation = ChainOperation.objects.get()
    assert (operation.status, operation.trouble) == ("confirmed", ""), operation.error_message
    numbers = unpack_numbers(scene.deployed.packed(scene.creator.platform, scene.creator.metrics_address))
    assert numbers.plays == CreatorSync.objects.get().plays == 55
    assert scene.deployed.count() == operation.round == GasSpending.objects.count() == 1
    assert violated() == {}


def before_the_record_is_committed(scene):
    with scene.nothing_can_be_logged():
        scene.go()
        scene.until_somebody_waits()
        scene.kill()
    assert not ChainOperation.objects.exists()


def after_the_record_is_committed(scene):
    scene.go()
    scene.until(ChainOperation.objects.exists)
    scene.kill()


@pytest.mark.parametrize(
    "point",
    [before_the_record_is_committed, after_the_record_is_committed],
    ids=lambda point: point.__name__,
)
def test_a_killed_process_leaves_each_paid_distribution_to_be_recorded_once(scene, point):
    found = paid_distribution(now=database_now() - timedelta(days=2))
    scene.code = RECORDING
    try:
        point(scene)
    finally:
        scene.end()

    later = database_now()
    payments.record_distributions(now=later, oracle=scene.deployed.oracle())

    operation = ChainOperation.objects.get()
    assert operation.details["root"] == shares_root(found.pk, operation.details["secret"])
    assert payments.record_distributions(now=later, oracle=scene.deployed.oracle()) == 0
    assert violated() == {}
