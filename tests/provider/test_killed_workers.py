"""A real Celery worker is killed in the middle of settling, at every step, while its transfers meet every
fault: each payout ends settled exactly once at Circle's twin and in the ledger, or voided exactly once."""

import os
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest

from audit import jobs
from audit.jobs import ring
from gigstream.lib.clock import database_now
from payments import services as payments
from payments.models import SettlementAttempt, Transaction
from payments.provider.circle import CircleProvider
from platforms import services as platforms
from tests.circle import API_KEY, ENTITY_SECRET, house_of, run_twin
from tests.factories import PlatformFactory, WorkerFactory, started
from tests.processes import database_url, empty_queues, run_worker
from tests.provider.agreement import Time, require_agreement

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
def running_twin(tmp_path_factory):
    """Its time is the machine's, as the database's is."""
    with run_twin(tmp_path_factory.mktemp("live-twin")) as twin:
        yield twin


@pytest.fixture
def twin(circle_pays, running_twin, settings):
    running_twin.tell("reset")
    house_of(running_twin, CircleProvider(), settings)
    settings.CIRCLE_READ_SECONDS = 1
    return running_twin


@pytest.fixture
def made(twin, monkeypatch):
    """One pending payout for each fault, by fault, of which no bell is on its way."""
    monkeypatch.setattr(jobs, "_SPACING", 0.0)
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
def worker(made, twin, settings, tmp_path):
    """A Celery worker that pays through the twin, and waits long for its answers."""
    environment = {
        "CIRCLE_API_URL": twin.url,
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


def arrange(twin, made, *, but=()):
    """Each payout's first offer, or its fate, goes wrong in its own way."""
    for fault, payout in made.items():
        about = {"about": payout.to_wallet, "seconds": 0.2}
        if fault in but or fault == "none":
            continue
        if fault in FATES:
            twin.wrong("transfer", fate=fault, times=3, **about)
        else:
            twin.wrong("transfer", fault=fault, **about)


def kill(process):
    """The whole worker, its children included, as the machine would lose it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


@contextmanager
def nothing_can_be_logged():
    """Whoever books must wait: the log takes no line."""
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


def struck(twin):
    """No fault that holds a line is still waiting for its call."""
    return not [one for one in twin.tell("faults")["waiting"] if one["seconds"] > 10]


def hold(twin, call, fault):
    twin.wrong(call, fault=fault, seconds=30)


def before_the_call_is_taken(twin, made, process):
    """The provider has the line and has done nothing."""
    hold(twin, "transfer", "timeout_before")
    ring("submit_payouts")
    until(lambda: struck(twin))
    kill(process)
    assert twin.transactions() == []


def after_acceptance(twin, made, process):
    hold(twin, "transfer", "timeout_after")
    ring("submit_payouts")
    until(lambda: struck(twin) and twin.transactions())
    kill(process)
    assert not Transaction.objects.filter(type="payout", status="submitted").exists()


def before_commit(twin, made, process):
    arrange(twin, made)
    with nothing_can_be_logged():
        ring("submit_payouts")
        until(somebody_waits)
        kill(process)
    assert not Transaction.objects.filter(type="payout", status="submitted").exists()


def after_commit(twin, made, process):
    arrange(twin, made)
    ring("submit_payouts")
    until(lambda: Transaction.objects.filter(type="payout", status="submitted").exists())
    kill(process)


def submitted(twin, made):
    """All are with the provider, and looked up next; each comes to its own end."""
    arrange(twin, made, but=[*CALL_FAULTS, "busy"])
    assert payments.submit_payouts() == len(made)
    twin.advance(60)
    Transaction.unguarded.filter(status="submitted").update(next_attempt_at=database_now())


def while_it_looks(twin, made, process):
    submitted(twin, made)
    hold(twin, "transaction", "timeout_before")
    ring("poll_settlements")
    until(lambda: struck(twin))
    kill(process)
    assert not Transaction.objects.filter(type="payout", status="confirmed").exists()


def before_it_books(twin, made, process):
    submitted(twin, made)
    with nothing_can_be_logged():
        ring("poll_settlements")
        until(somebody_waits)
        kill(process)
    assert not Transaction.objects.filter(type="payout", status="confirmed").exists()


def after_it_has_booked(twin, made, process):
    submitted(twin, made)
    ring("poll_settlements")
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


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_killed_worker_leaves_each_payout_to_be_ended_once(twin, made, worker, step, record_property):
    step(twin, made, worker)
    if step in (before_the_call_is_taken, after_acceptance):
        arrange(twin, made)

    # The next worker comes when the dead one's lease is over.
    later = Time(twin, at=database_now())
    later.pass_by(61)
    later.tick(0)
    later.until_all_ended()

    for fault, payout in made.items():
        payout.refresh_from_db()
        expected = "failed" if fault in VOIDED else "confirmed"
        calls = SettlementAttempt.objects.filter(transaction=payout).count()
        told = f"killed {step.__name__.replace('_', ' ')}; {fault}: {payout.status}, {calls} calls on record"
        record_property("settlement", told)
        assert payout.status == expected, told
    began = min(payout.created_at for payout in made.values())
    require_agreement(twin, since=began, now=later.now)
