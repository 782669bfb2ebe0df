"""Celery's processes when the broker hangs for a second and is then killed.

`STALLS` says how often; `make stalls` does it 25 times over a Unix socket and 25 times over TCP.
"""

import os
import time
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings

from gigstream import celery_app
from gigstream.jobs.models import JobHeartbeat
from tests.support.servers.broker import use_broker
from tests.support.servers.processes import run_celery, run_worker
from tests.support.servers.valkey import own_valkey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]

STALLS = int(os.environ.get("STALLS", "2"))
HANG_SECONDS = 1.3
# A worker that waits for ever has not come back by then.
PATIENCE_SECONDS = 90
CURRENT_WITHIN_SECONDS = 15
RELEASE_JOBS = [f"release_due_streams:{index}" for index in range(settings.RELEASE_WORKERS)]
BEAT = "tests.support.servers.celery_under_test"


def releases_started():
    """Return how often each job of the releases has begun."""
    beats = JobHeartbeat.objects.filter(name__startswith="release_due_streams")
    return dict(beats.values_list("name", "runs"))


def wait_for_releases(before, seconds):
    """Return after how many seconds each job has begun once more."""
    began = time.monotonic()
    while not all(releases_started().get(name, 0) > before.get(name, 0) for name in RELEASE_JOBS):
        assert time.monotonic() - began < seconds, "the releases did not come back"
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def running_jobs(valkey, folder):
    """Run a worker and a beat on that broker."""
    with ExitStack() as processes:
        processes.callback(use_broker, celery_app.conf.broker_url)
        use_broker(valkey.broker_url)
        worker = processes.enter_context(run_worker(folder / "worker.log"))
        command = ("beat", "--schedule", str(folder / "schedule"), "--pidfile", "")
        processes.enter_context(run_celery(BEAT, *command, log=folder / "beat.log"))
        yield worker


@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_a_broker_that_hangs_and_dies_stops_no_worker(tcp, tmp_path, record_property):
    """A worker takes work again within 15 s after the broker is back, and ends at a request."""
    with own_valkey(tcp=tcp) as valkey, running_jobs(valkey, tmp_path) as worker:
        wait_for_releases({}, PATIENCE_SECONDS)
        took = []
        for _ in range(STALLS):
            valkey.hang()
            time.sleep(HANG_SECONDS)
            valkey.kill()
            before = releases_started()
            valkey.start()
            took.append(wait_for_releases(before, PATIENCE_SECONDS))
        record_property("stalls", f"{STALLS} stalls: back after {min(took):.1f} to {max(took):.1f} s")
        assert max(took) < CURRENT_WITHIN_SECONDS
        worker.terminate()
        worker.wait(timeout=30)
