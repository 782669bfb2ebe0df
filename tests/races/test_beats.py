"""Two of every starter of jobs: the same schedule twice, in a single process and in several, pays once."""

import time
from contextlib import ExitStack
from datetime import timedelta
from threading import Barrier

import pytest

from gigstream.core.clock import database_now
from gigstream.jobs.models import JobHeartbeat
from gigstream.jobs.registry import scheduled_jobs
from gigstream.jobs.scheduler import Scheduler
from payments import services as payments
from payments.models import LedgerEntry, SandboxTransfer, Stream, Transaction
from platforms import services as platforms
from tests.support.factories import PlatformFactory, WorkerFactory, balance, running_stream, started
from tests.support.servers.broker import no_broker
from tests.support.servers.processes import empty_queues, run_celery, run_worker
from workers.profiles.enums import PayoutSchedule

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60
TICK = "Sending due task release_due_streams"


@pytest.fixture
def earned():
    """The earnings of each worker when everything is paid: three streams that are over, of workers who
    chose to be paid at once, and two tasks done."""
    an_hour_ago = database_now() - timedelta(hours=1)
    platform = PlatformFactory(funds="1000")
    workers = [WorkerFactory() for _ in range(5)]
    for worker in workers[:3]:
        payments.set_payout_schedule(worker_id=worker.pk, schedule=PayoutSchedule.AT_ONCE, now=an_hour_ago)
        running_stream(worker, total="36", duration=3600, interval=60, platform=platform, now=an_hour_ago)
    with no_broker():
        for worker in workers[3:]:
            task = started(worker, amount="20", platform=platform, now=an_hour_ago)
            platforms.complete_task(task_id=task.pk, now=an_hour_ago)
    return dict.fromkeys(workers[:3], 36) | dict.fromkeys(workers[3:], 20)


def all_confirmed(earned):
    return Transaction.objects.filter(type="payout", status="confirmed").count() == len(earned)


def assert_paid_once(earned):
    payouts = Transaction.objects.filter(type="payout")
    assert {(one.worker, one.amount, one.status) for one in payouts} == {
        (worker, amount, "confirmed") for worker, amount in earned.items()
    }
    assert payouts.count() == SandboxTransfer.objects.count() == len(earned)
    assert LedgerEntry.objects.filter(kind="release").count() == 3
    assert set(Stream.objects.values_list("status", "sequence")) == {("completed", 1)}
    assert {balance(worker, "available") for worker in earned} == {0}
    assert {beat.last_error for beat in JobHeartbeat.objects.all()} == {""}


@pytest.mark.long_form
def test_every_job_that_two_schedulers_start_at_one_instant_works_once(
    at_once, books_balance, settings, earned
):
    settings.SANDBOX_BLOCK_SECONDS = settings.SETTLEMENT_CONFIRMATIONS = 1
    deadline = time.monotonic() + PATIENCE
    together = Barrier(2)

    def beat() -> int:
        """Run a scheduler whose clock says that every job of the schedule is due, until nothing is left."""
        rounds = 0
        while True:
            together.wait(PATIENCE)
            if all_confirmed(earned):
                return rounds
            assert time.monotonic() < deadline, list(Transaction.objects.values())
            together.wait(PATIENCE)
            assert Scheduler(scheduled_jobs(), lambda: 0.0).run_due() == len(scheduled_jobs())
            rounds += 1

    with no_broker():
        rounds, _ = at_once(beat, beat)

    assert rounds[0] == rounds[1] > 0
    assert set(JobHeartbeat.objects.values_list("runs", flat=True)) == {2 * rounds[0]}
    assert_paid_once(earned)
    books_balance()


@pytest.mark.long_form
def test_two_beats_and_their_worker_pay_once(tmp_path, books_balance, earned):
    empty_queues()
    chain = {"SANDBOX_BLOCK_SECONDS": "1", "SETTLEMENT_CONFIRMATIONS": "1"}
    logs = [tmp_path / f"beat{number}.log" for number in range(2)]
    deadline = time.monotonic() + PATIENCE

    with ExitStack() as processes:
        processes.enter_context(run_worker(tmp_path / "worker.log", chain))
        for log in logs:
            command = ("beat", "--loglevel", "INFO", "--schedule", f"{log}.schedule", "--pidfile", "")
            processes.enter_context(run_celery("tests.support.servers.beat_under_test", *command, log=log))
        while not (all_confirmed(earned) and all(log.read_text().count(TICK) > 10 for log in logs)):
            assert time.monotonic() < deadline, [log.read_text() for log in logs]
            # Looking all the time would leave the worker and the beats a part of the processors only.
            time.sleep(0.1)

    assert_paid_once(earned)
    books_balance()
