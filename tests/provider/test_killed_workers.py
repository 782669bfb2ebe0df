"""A real Celery worker, killed in the middle of settling, at every step, while its transfers meet every
fault: each payout ends settled exactly once at the simulator and in the ledger, or voided exactly once."""

import os
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest

from gigstream.core.clock import database_now
from gigstream.jobs import registry
from gigstream.jobs.registry import nudge_job
from payments import services as payments
from payments.models import SettlementAttempt, Transaction
from payments.settlement.provider.circle import CircleProvider
from platforms import services as platforms
from tests.support.circle_agreement import Time, require_agreement
from tests.support.factories import PlatformFactory, WorkerFactory, started
from tests.support.servers.circle import API_KEY, ENTITY_SECRET, house_of, run_simulator
from tests.support.servers.processes import database_url, empty_queues, run_worker

pytestmark = pytest.mark.django_db(transaction=True)

CALL_FAULTS = [
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "error_before",
    "error_after",
]
FATES = ["stuck", "denied", "skips_confirmed", "unheard_of", "failed"]
FAULTS = ["none", *CALL_FAULTS, "busy", *FATES]
VOIDED = {"denied", "failed"}
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def running_simulator(tmp_path_factory):
    """Its time is the machine's, as the database's is."""
    with run_simulator(tmp_path_factory.mktemp("live-simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(circle_pays, running_simulator, settings):
    running_simulator.control("reset")
    house_of(running_simulator, CircleProvider(), settings)
    settings.CIRCLE_READ_SECONDS = 1
    return running_simulator


@pytest.fixture
def made(simulator, monkeypatch):
    """A pending payout for each fault, by fault, for which no nudge is on its way."""
    monkeypatch.setattr(registry, "_SPACING", 0.0)
    platform = PlatformFactory(funds="1000", now=database_now())
    workers = {}
    for fault in FAULTS:
        now = database_now()
        task = started(WorkerFactory(now=now), platform=platform, amount="10", now=now)
        platforms.complete_task(task_id=task.pk, now=now)
        workers[fault] = task.worker
    assert payments.create_due_payouts() == len(FAULTS)
    empty_queues()
    return {fault: Transaction.objects.get(type="payout", worker=one) for fault, one in workers.items()}


@pytest.fixture
def worker(made, simulator, settings, tmp_path):
    """A Celery worker that pays through the simulator, and waits long for its answers."""
    environment = {
        "CIRCLE_API_URL": simulator.url,
        "CIRCLE_API_KEY": API_KEY,
        "CIRCLE_ENTITY_SECRET": ENTITY_SECRET,
        "CIRCLE_WALLET_SET_ID": settings.CIRCLE_WALLET_SET_ID,
        "CIRCLE_HOUSE_WALLET_ID": settings.CIRCLE_HOUSE_WALLET_ID,
        "CIRCLE_READ_SECONDS": "20",
    }
    with run_worker(tmp_path / "worker.log", environment) as process:
        yield process


def until(condition, process=None):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def arrange(simulator, made, *, but=()):
    """Make each payout's first offer, or its fate, go wrong in its own way."""
    for fault, payout in made.items():
        about = {"about": payout.to_wallet, "seconds": 0.2}
        if fault in but or fault == "none":
            continue
        if fault in FATES:
            simulator.wrong("transfer", fate=fault, times=3, **about)
        else:
            simulator.wrong("transfer", fault=fault, **about)


def kill(process):
    """Kill the whole worker, its children included, as the machine would lose it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


@contextmanager
def nothing_can_be_logged():
    """Make all bookings wait: the log takes no line."""
    with psycopg.connect(database_url()) as connection:
        connection.execute("LOCK TABLE audit_logs IN SHARE MODE")
        yield connection
        connection.rollback()


def somebody_waits():
    with psycopg.connect(database_url(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%audit_logs%'"
        )
        return found.fetchone()[0] > 0


def struck(simulator):
    """Require that no fault that holds a line is still waiting for its call."""
    return not [one for one in simulator.control("faults")["waiting"] if one["seconds"] > 10]


def hold(simulator, call, fault):
    simulator.wrong(call, fault=fault, seconds=30)


def before_the_call_is_taken(simulator, made, process):
    """Wait until the provider has the line and has done nothing."""
    hold(simulator, "transfer", "timeout_before")
    nudge_job("submit_payouts")
    until(lambda: struck(simulator))
    kill(process)
    assert simulator.transactions() == []


def after_acceptance(simulator, made, process):
    hold(simulator, "transfer", "timeout_after")
    nudge_job("submit_payouts")
    until(lambda: struck(simulator) and simulator.transactions())
    kill(process)
    assert not Transaction.objects.filter(type="payout", status="submitted").exists()


def before_commit(simulator, made, process):
    arrange(simulator, made)
    with nothing_can_be_logged():
        nudge_job("submit_payouts")
        until(somebody_waits)
        kill(process)
    assert not Transaction.objects.filter(type="payout", status="submitted").exists()


def after_commit(simulator, made, process):
    arrange(simulator, made)
    nudge_job("submit_payouts")
    until(lambda: Transaction.objects.filter(type="payout", status="submitted").exists())
    kill(process)


def submitted(simulator, made):
    """Wait until all are with the provider, and looked up next; each comes to its own end."""
    arrange(simulator, made, but=[*CALL_FAULTS, "busy"])
    assert payments.submit_payouts() == len(made)
    simulator.advance(60)
    Transaction.unguarded.filter(status="submitted").update(next_attempt_at=database_now())


def while_it_looks(simulator, made, process):
    submitted(simulator, made)
    hold(simulator, "transaction", "timeout_before")
    nudge_job("poll_settlements")
    until(lambda: struck(simulator))
    kill(process)
    assert not Transaction.objects.filter(type="payout", status="confirmed").exists()


def before_it_books(simulator, made, process):
    submitted(simulator, made)
    with nothing_can_be_logged():
        nudge_job("poll_settlements")
        until(somebody_waits)
        kill(process)
    assert not Transaction.objects.filter(type="payout", status="confirmed").exists()


def after_it_has_booked(simulator, made, process):
    submitted(simulator, made)
    nudge_job("poll_settlements")
    until(lambda: Transaction.objects.filter(type="payout", status="confirmed").exists())
    kill(process)


STEPS = [
    before_the_call_is_taken,
    after_acceptance,
    before_commit,
    after_commit,
    while_it_looks,
    before_it_books,
    after_it_has_booked,
]


@pytest.mark.long_form
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_killed_worker_leaves_each_payout_to_be_ended_once(simulator, made, worker, step, record_property):
    step(simulator, made, worker)
    plain = set()
    if step in (before_the_call_is_taken, after_acceptance):
        # Nothing goes wrong any more with the one that the provider has taken.
        accepted = {one["destinationAddress"].lower() for one in simulator.transactions()}
        plain = {fault for fault, payout in made.items() if payout.to_wallet.lower() in accepted}
        arrange(simulator, made, but=plain)

    # The next worker comes when the dead worker's lease is over.
    later = Time(simulator, at=database_now())
    later.pass_by(61)
    later.tick(0)
    later.until_all_ended()

    for fault, payout in made.items():
        payout.refresh_from_db()
        expected = "failed" if fault in VOIDED - plain else "confirmed"
        calls = SettlementAttempt.objects.filter(transaction=payout).count()
        told = f"killed {step.__name__.replace('_', ' ')}; {fault}: {payout.status}, {calls} calls on record"
        record_property("settlement", told)
        assert payout.status == expected, told
    began = min(payout.created_at for payout in made.values())
    require_agreement(simulator, since=began, now=later.now)
