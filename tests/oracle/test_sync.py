"""Numbers of creators on their way to the chain, through the sandbox."""

from datetime import timedelta

import pytest

from payments import services as payments
from payments.models import ChainOperation, CreatorSync, GasSpending
from payments.oracle.contract import simulated
from payments.oracle.services.providers import oracle_of
from payments.settlement.sandbox.provider import SandboxProvider
from platforms.models import PlatformEvent
from tests.support.factories import NOW, PlatformFactory, seconds
from tests.support.oracle.creators import followed, many_on_chain, on_chain, played

pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def oracle(clock):
    return oracle_of(SandboxProvider(clock))


def advance(oracle, clock, by=10, times=1):
    for _ in range(times):
        clock.now += timedelta(seconds=by)
        payments.submit_operations(now=clock.now, oracle=oracle)
        payments.follow_operations(now=clock.now, oracle=oracle)


def test_moved_numbers_are_written_read_back_and_published(source, oracle, clock):
    one = on_chain()
    played(source, one, 700)
    followed(one, "fan")

    assert payments.sync_metrics(now=clock.now, oracle=oracle) == 1
    advance(oracle, clock, times=3)

    operation = ChainOperation.objects.get()
    assert (operation.status, operation.trouble, operation.round) == ("confirmed", "", 1)
    assert operation.contract == simulated.ADDRESS
    sync = CreatorSync.objects.get()
    assert (sync.plays, sync.followers, sync.operation_id, sync.confirmed_by_id) == (700, 1, None, operation.pk)
    spending = GasSpending.objects.get()
    assert (spending.gas_used, spending.saved_gas) == (60_300, 0)
    event = PlatformEvent.objects.get(type="oracle.synced")
    assert event.payload["id"] == str(operation.pk)
    assert payments.sync_metrics(now=clock.now, oracle=oracle) == 0


def test_a_batch_has_two_hundred_creators_at_most(source, oracle, clock):
    platform = PlatformFactory()
    for one in many_on_chain(platform, 203):
        played(source, one, 5)

    assert payments.sync_metrics(now=clock.now, oracle=oracle) == 203

    counts = sorted(ChainOperation.objects.values_list("creator_count", flat=True))
    assert counts == [3, 200]
    advance(oracle, clock, times=3)
    assert CreatorSync.objects.filter(synced_at__isnull=False).count() == 203


def test_only_one_operation_writes_a_creator_at_a_time(source, oracle, clock):
    one = on_chain()
    played(source, one, 1)
    payments.sync_metrics(now=clock.now, oracle=oracle)
    played(source, one, 2)

    assert payments.sync_metrics(now=clock.now, oracle=oracle) == 0
    advance(oracle, clock, times=3)
    assert payments.sync_metrics(now=clock.now, oracle=oracle) == 1
    advance(oracle, clock, times=3)

    assert CreatorSync.objects.get().plays == 3
    assert ChainOperation.objects.filter(status="confirmed").count() == 2


def test_nothing_is_written_of_creators_without_an_address_or_without_a_move(source, oracle, clock):
    idle = on_chain()
    played(source, idle, 0)

    assert payments.sync_metrics(now=clock.now + seconds(1), oracle=oracle) == 0
    assert not ChainOperation.objects.exists()
