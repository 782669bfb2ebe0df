"""Workers who meet on the same creators, operations and budget of the oracle."""

from decimal import Decimal
from functools import partial

import pytest

from payments import services as payments
from payments.models import ChainOperation, CreatorSync, GasSpending, OperationCreator, SandboxTransfer
from payments.oracle.errors import OperationNotDead
from payments.oracle.services.gas import read_budget
from platforms.models import PlatformEvent
from tests.support.books import violated
from tests.support.factories import PlatformFactory
from tests.support.oracle.creators import many_on_chain, played, registered_source
from tests.support.oracle.distributions import paid_distribution
from tests.support.oracle.sandbox import SandboxOracle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source():
    with registered_source() as one:
        yield one


@pytest.fixture
def chain(source):
    return SandboxOracle()


def distributions(chain, count):
    platform = PlatformFactory()
    for number in range(1, count + 1):
        payments.record_distribution(
            platform_id=platform.pk,
            number=number,
            total="1",
            root=f"0x{number:064x}",
            now=chain.now,
            oracle=chain.oracle,
        )
    return platform


def test_runs_at_the_same_time_write_a_creator_once(at_once, chain, source):
    made = many_on_chain(PlatformFactory(), 12)
    for one in made:
        played(source, one, 3)

    results, refusals = at_once(*[chain.sync] * 8)

    assert (sum(results), refusals) == (12, [])
    assert OperationCreator.objects.count() == 12
    assert CreatorSync.objects.filter(operation__isnull=False).count() == 12
    assert violated() == {}


def test_two_senders_send_each_operation_once(at_once, chain):
    distributions(chain, 12)
    submit = partial(payments.submit_operations, now=chain.now, oracle=chain.oracle)

    results, _ = at_once(*[submit] * 6)

    assert sum(results) == SandboxTransfer.objects.count() == 12
    assert ChainOperation.objects.filter(status="submitted", round=1).count() == 12


def test_no_more_than_sixteen_are_in_flight_however_many_send(at_once, chain):
    distributions(chain, 40)
    submit = partial(payments.submit_operations, now=chain.now, oracle=chain.oracle)

    at_once(*[submit] * 6)

    assert ChainOperation.objects.filter(is_in_flight=True).count() == 16
    assert SandboxTransfer.objects.count() == 16


def test_two_who_look_confirm_once(at_once, chain, source):
    for one in many_on_chain(PlatformFactory(), 3):
        played(source, one, 3)
    chain.sync()
    chain.work()
    chain.now = chain.now.replace(minute=30)
    follow = partial(payments.follow_operations, now=chain.now, oracle=chain.oracle)

    results, _ = at_once(*[follow] * 6)

    assert sum(results) == 1
    assert GasSpending.objects.count() == PlatformEvent.objects.filter(type="oracle.synced").count() == 1
    assert violated() == {}


def test_the_same_distribution_is_recorded_once(at_once, chain):
    platform = PlatformFactory()
    record = partial(
        payments.record_distribution,
        platform_id=platform.pk,
        number=1,
        total="1",
        root="0x" + "ab" * 32,
        now=chain.now,
        oracle=chain.oracle,
    )

    results, refusals = at_once(*[record] * 6)

    assert len({one.pk for one in results}) == ChainOperation.objects.count() == 1
    assert refusals == []


def test_a_paid_distribution_is_recorded_once(at_once, chain):
    for _ in range(3):
        paid_distribution()
    record = partial(payments.record_distributions, now=chain.now, oracle=chain.oracle)

    results, refusals = at_once(*[record] * 6)

    assert (sum(results), refusals) == (3, [])
    assert ChainOperation.objects.filter(kind="distribute").count() == 3
    assert violated() == {}


def test_a_dead_operation_is_retried_once(at_once, chain):
    chain.goes_wrong("execute_contract", "refused")
    distributions(chain, 1)
    chain.work()
    dead = chain.newest()
    assert chain.state() == ("dead", "reverted")

    results, refusals = at_once(*[partial(payments.retry_operation, operation_id=dead.pk, now=chain.now)] * 4)

    assert (len(results), [type(one) for one in refusals]) == (1, [OperationNotDead] * 3)
    assert chain.newest().round == 2


def test_reservations_never_pass_the_budget(at_once, chain, settings):
    settings.ORACLE_GAS_OF_A_MONTH = "0.1"
    distributions(chain, 12)
    submit = partial(payments.submit_operations, now=chain.now, oracle=chain.oracle)

    at_once(*[submit] * 4)

    budget = read_budget(chain.now)
    assert Decimal(0) < budget.reserved <= Decimal("0.1")
    assert budget.reserved + chain.newest().reserved > 0
    assert ChainOperation.objects.filter(status="submitted").count() == 2
    assert ChainOperation.objects.filter(trouble="gas_budget").count() == 10
