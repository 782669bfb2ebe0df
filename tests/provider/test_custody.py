"""Wallets that the provider makes for workers and platforms without an address: a single wallet, in spite
of all faults."""

import threading

import pytest

from gigstream.jobs import registry
from payments import services as payments
from payments.models import WalletOrder
from payments.settlement.provider.circle import CircleProvider
from platforms import services as platforms
from platforms.models import Platform
from tests.support.decisions import reinstate_worker, suspend_worker
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, seconds
from tests.support.long_forms import spread
from tests.support.servers.broker import queued_jobs
from tests.support.servers.processes import empty_queues
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_circle(circle_pays, settings, simulator):
    settings.CUSTODY_WALLETS = True


def make(*, at=NOW):
    return payments.create_wallets(now=at)


def there(simulator):
    """Return the wallets at the provider that are a worker's or a platform's, by their owner."""
    names = [one["name"] for one in simulator.control("state")["wallets"]]
    return sorted(name for name in names if name.startswith(("worker:", "platform:")))


def order_of(owner):
    return WalletOrder.objects.get(owner=owner)


def test_a_worker_and_a_platform_without_an_address_get_wallets(simulator):
    worker, platform = WorkerFactory(wallet_address=None), PlatformFactory()

    assert make() == 2

    worker.refresh_from_db()
    platform.refresh_from_db()
    for party in (worker, platform):
        held = CircleProvider().wallet(party.wallet_id)
        assert held.address == party.wallet_address
    assert there(simulator) == sorted([f"worker:{worker.pk}", f"platform:{platform.pk}"])
    assert make(at=NOW + seconds(3600)) == 0
    assert len(there(simulator)) == 2


def test_a_workers_wallet_is_not_written_down_a_second_time(simulator):
    """Their row is forgotten when they leave; a platform's address is remembered."""
    worker, platform = WorkerFactory(wallet_address=None), PlatformFactory()
    make()

    platform.refresh_from_db()
    assert order_of(f"worker:{worker.pk}").address == ""
    assert order_of(f"platform:{platform.pk}").address == platform.wallet_address
    platforms.delete_platform(platform_id=platform.pk)
    assert order_of(f"platform:{platform.pk}").address != ""


def test_who_has_an_address_keeps_it(simulator):
    worker, platform = WorkerFactory(), PlatformFactory(wallet_address="0x" + "5" * 40)

    assert make() == 0

    assert there(simulator) == []
    assert Worker.objects.get().wallet_address == worker.wallet_address
    assert Platform.objects.get().wallet_address == platform.wallet_address


@pytest.mark.long_form
def test_an_address_given_while_the_wallet_was_made_holds(simulator):
    worker = WorkerFactory(wallet_address=None)
    simulator.wrong("create_wallets", fault="timeout_after")
    assert make() == 0
    workers.set_wallet(worker_id=worker.pk, wallet_address="0x" + "7" * 40)

    assert make(at=NOW + seconds(60)) == 1

    worker.refresh_from_db()
    assert (worker.wallet_address, worker.wallet_id) == ("0x" + "7" * 40, "")
    assert len(there(simulator)) == 1


def test_the_worker_is_paid_into_the_wallet_at_once(simulator):
    worker = WorkerFactory(wallet_address=None)
    make()
    worker.refresh_from_db()

    workers.require_settled_wallet(worker=worker)
    assert workers.find_open_change(worker=worker) is None


@pytest.mark.parametrize(
    "fault",
    spread(
        ["timeout_before", "timeout_after", "error_after", "reset_after", "busy"], of="lost answers", one_in=5
    ),
)
def test_a_lost_answer_makes_no_second_wallet(simulator, fault):
    WorkerFactory(wallet_address=None)
    simulator.wrong("create_wallets", fault=fault)

    assert make() == 0
    order = WalletOrder.objects.get()
    assert (order.made_at, order.calls) == (None, 1)
    assert order.next_attempt_at > NOW
    assert make(at=NOW + seconds(120)) == 1

    assert len(there(simulator)) == 1
    assert Worker.objects.get().wallet_address


@pytest.mark.long_form
def test_a_wallet_that_the_provider_made_and_whose_key_it_has_forgotten_is_found(simulator):
    worker = WorkerFactory(wallet_address=None)
    simulator.wrong("create_wallets", fault="timeout_after")
    make()
    simulator.advance(3 * 24 * 3600)

    assert make(at=NOW + seconds(3 * 24 * 3600)) == 1

    worker.refresh_from_db()
    assert CircleProvider().wallet(worker.wallet_id).address == worker.wallet_address
    assert len(there(simulator)) == 1


def test_after_a_crash_and_a_restore_the_same_wallet_is_had(simulator):
    """The order is gone with the rows: the key follows from the worker alone."""
    worker = WorkerFactory(wallet_address=None)
    make()
    worker.refresh_from_db()
    address = worker.wallet_address
    WalletOrder.unguarded.all().delete()
    Worker.objects.filter(pk=worker.pk).update(wallet_address=None, wallet_id="")

    assert make(at=NOW + seconds(60)) == 1

    worker.refresh_from_db()
    assert worker.wallet_address == address
    assert len(there(simulator)) == 1


def test_while_the_provider_is_away_the_rest_is_not_asked_and_nothing_is_lost(simulator):
    for _ in range(8):
        WorkerFactory(wallet_address=None)
    simulator.wrong("create_wallets", fault="error_before", times=5)

    assert make() == 0
    assert sorted(WalletOrder.objects.values_list("calls", flat=True)) == [0, 0, 0, 1, 1, 1, 1, 1]
    assert make(at=NOW + seconds(10)) == 0

    made = sum(make(at=NOW + seconds(60 * minute)) for minute in range(1, 5))
    assert made == len(there(simulator)) == 8


def test_a_refusal_is_kept_for_staff(simulator, settings):
    WorkerFactory(wallet_address=None)
    settings.CIRCLE_WALLET_SET_ID = "5f0b8b1e-0000-4000-8000-000000000000"

    assert make() == 0

    order = WalletOrder.objects.get()
    assert (order.made_at, order.next_attempt_at) == (None, None)
    assert order.error_message
    assert make(at=NOW + seconds(3600)) == 0
    assert order_of(order.owner).calls == 1


def test_who_has_left_gets_none_and_who_is_suspended_waits(simulator):
    gone, suspended = WorkerFactory(wallet_address=None), WorkerFactory(wallet_address=None)
    workers.delete_worker(worker_id=gone.pk)
    suspend_worker(worker_id=suspended.pk, reason="checks")
    assert make() == 0

    reinstate_worker(worker_id=suspended.pk, reason="checked")
    assert make() == 1
    assert there(simulator) == [f"worker:{suspended.pk}"]


@pytest.mark.django_db(transaction=True)
def test_a_registration_rings_for_it(simulator, monkeypatch):
    # The nudges of earlier tests are sent before this test reads the queue, and delay none of its own.
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    monkeypatch.setattr(registry, "_nudged_at", {})
    empty_queues()
    WorkerFactory()
    assert queued_jobs("settlement") == []

    WorkerFactory(wallet_address=None)

    assert queued_jobs("settlement") == ["create_wallets"]


def test_without_the_setting_nothing_is_made(simulator, settings):
    settings.CUSTODY_WALLETS = False
    WorkerFactory(wallet_address=None)

    assert make() == 0
    assert not WalletOrder.objects.exists()
