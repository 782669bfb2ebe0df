"""Without Celery and without Redis the same jobs pay everyone."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from gigstream.core.clock import database_now
from gigstream.jobs.models import JobHeartbeat
from gigstream.jobs.registry import scheduled_jobs
from gigstream.jobs.scheduler import Scheduler
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.support.factories import WorkerFactory, balance, running_stream, started
from tests.support.servers.broker import NOBODY, no_broker
from tests.support.servers.processes import database_url
from workers.profiles.enums import PayoutSchedule

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def celery_taken_away():
    with no_broker():
        yield


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_the_schedule_pays_everyone_with_celery_taken_away(settings):
    settings.SANDBOX_BLOCK_SECONDS = 1
    settings.SETTLEMENT_CONFIRMATIONS = 1
    an_hour_ago = database_now() - timedelta(hours=1)
    streaming, fixed = WorkerFactory(), WorkerFactory()
    payments.set_payout_schedule(worker_id=streaming.pk, schedule=PayoutSchedule.AT_ONCE, now=an_hour_ago)
    running_stream(streaming, total="36", duration=3600, interval=60, now=an_hour_ago)
    task = started(fixed, amount="20", now=an_hour_ago)
    platforms.complete_task(task_id=task.pk, now=an_hour_ago)
    clock = Clock()
    scheduler = Scheduler(scheduled_jobs(), clock)

    deadline = time.monotonic() + 60
    while Transaction.objects.filter(type="payout", status="confirmed").count() < 2:
        assert time.monotonic() < deadline, list(Transaction.objects.values())
        scheduler.run_due()
        clock.time += scheduler.seconds_to_next()

    assert {one.worker_id: one.amount for one in Transaction.objects.filter(type="payout")} == {
        streaming.pk: 36,
        fixed.pk: 20,
    }
    assert balance(streaming, "available") == balance(streaming, "in_transit") == 0
    beats = JobHeartbeat.objects.in_bulk()
    assert set(beats) == {job.name for job in scheduled_jobs()}
    assert all(beat.last_error == "" and beat.last_succeeded_at for beat in beats.values())


def test_a_failing_job_keeps_its_error_and_the_others_run():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sandbox_transfers RENAME TO sandbox_transfers_away")
    try:
        worker = WorkerFactory()
        platforms.complete_task(task_id=started(worker, amount="20").pk, now=database_now())
        Scheduler(scheduled_jobs(), Clock()).run_due()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sandbox_transfers_away RENAME TO sandbox_transfers")

    submit = JobHeartbeat.objects.get(name="submit_payouts")
    assert "sandbox_transfers" in submit.last_error
    assert submit.last_succeeded_at is None
    assert JobHeartbeat.objects.get(name="poll_settlements").last_succeeded_at is not None
    payout = Transaction.objects.get(type="payout")
    assert (payout.status, balance(worker, "in_transit")) == ("pending", 20)


def test_each_job_runs_at_its_interval():
    clock = Clock()
    scheduler = Scheduler(scheduled_jobs(), clock)
    everything = len(scheduled_jobs())

    assert scheduler.run_due() == everything
    assert scheduler.run_due() == 0
    clock.time += 10
    frequent = [job for job in scheduled_jobs() if job.every_seconds <= 10]
    assert scheduler.run_due() == len(frequent)


@pytest.mark.long_form
def test_the_command_runs_the_jobs_and_stops_on_sigterm():
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_scheduler"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": NOBODY},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while JobHeartbeat.objects.exclude(last_succeeded_at=None).count() < len(scheduled_jobs()):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        process.terminate()
        # Its jobs would write to the tables of the tests that follow.
        output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "running the schedule" in output
