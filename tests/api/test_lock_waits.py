"""Rows of a platform that another transaction holds: requests that need them wait 2 s in all, and the
others go on."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from gigstream.core.postgres.lock_waits import LongWaits, bounded_lock_waits, short_lock_waits
from payments.models import Account, LedgerEntry
from tests.support.api.client import Api, is_problem
from tests.support.api.sockets import LiveApi
from tests.support.factories import WorkerFactory
from tests.support.servers.processes import NO_RATE_LIMIT, database_url, run_web

DEPOSITS = 16


@contextmanager
def accounts_held(platform):
    """Hold the platform's accounts locked until the block ends."""
    with psycopg.connect(database_url()) as other:
        held = [account.pk for account in Account.objects.filter(platform=platform)]
        assert held
        other.execute("SELECT 1 FROM accounts WHERE id = ANY(%s) FOR UPDATE", [held])
        yield
        other.rollback()


@pytest.fixture
def waits_of_production(settings):
    settings.API_LOCK_WAIT_SECONDS, settings.API_LOCK_SHORT_WAIT_SECONDS = 2.0, 0.3


@pytest.mark.django_db
def test_the_waits_of_a_block_stay_short_after_a_slow_statement(waits_of_production):
    def limit_after_a_slow_statement():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.11)")
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

    with bounded_lock_waits("workers"):
        usual = limit_after_a_slow_statement()
        with short_lock_waits(200):
            short = limit_after_a_slow_statement()
        after = limit_after_a_slow_statement()

    assert (short, usual, after) == ("200ms", usual, after)
    assert all(one != "200ms" for one in (usual, after))


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_locks_two_seconds_in_all_retries_included(waits_of_production, api, platform):
    """It was five tries of 2 s each."""
    with accounts_held(platform):
        began = time.monotonic()
        answer = api.post("deposits", {"amount": "1"})
        took = time.monotonic() - began

    is_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "2"
    assert 1.9 < took < 6
    assert not LedgerEntry.objects.filter(kind="deposit", amount=1).exists()
    assert api.post("deposits", {"amount": "1"}).status_code == 201


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
def test_many_who_wait_for_one_platform_leave_threads_to_a_stranger(api, platform, tmp_path):
    """Sixteen deposits took all threads, and a stranger's balance 20 s."""
    stranger = Api.as_worker(WorkerFactory())
    connection.close()
    waits = {"WEB_THREADS": "8", "API_LOCK_WAIT_MS": "2000", "API_LOCK_SHORT_WAIT_MS": "300"}
    log = tmp_path / "web.log"
    with (
        run_web(log, processes=1, threads=8, environment=waits | NO_RATE_LIMIT) as web,
        ThreadPoolExecutor(DEPOSITS) as pool,
    ):
        asking, payer = LiveApi(web.port, stranger.headers), LiveApi(web.port, api.headers)
        assert asking.get("me/balance").status_code == 200
        with accounts_held(platform):
            began = time.monotonic()
            waiting = [pool.submit(payer.post, "deposits", {"amount": "1"}) for _ in range(DEPOSITS)]
            took = []
            while not all(one.done() for one in waiting):
                began_at = time.monotonic()
                assert asking.get("me/balance").status_code == 200
                took.append(time.monotonic() - began_at)
            answers = [one.result() for one in waiting]
            held_for = time.monotonic() - began

    assert {answer.status_code for answer in answers} == {503}
    assert {answer["Retry-After"] for answer in answers} == {"2"}
    assert max(took) < 5
    assert held_for < 10


def test_a_quarter_of_the_threads_waits_long_for_one_platform(settings):
    settings.WEB_THREADS = 8
    waits = LongWaits()
    with waits.admit("ann") as first, waits.admit("ann") as second, waits.admit("ann") as third:
        assert (first, second, third) == (True, True, False)
        with waits.admit("bob") as other, waits.admit(LongWaits.WORKERS) as worker:
            assert (other, worker) == (True, False)
    with waits.admit(LongWaits.WORKERS) as worker, waits.admit("ann") as first, waits.admit("ann") as second:
        assert (worker, first, second) == (True, True, False)
    with waits.admit("ann") as first, waits.admit("ann") as second:
        assert (first, second) == (True, True)


def test_a_process_of_few_threads_lets_one_wait(settings):
    settings.WEB_THREADS = 2
    waits = LongWaits()
    with waits.admit("ann") as first, waits.admit("ann") as second:
        assert (first, second) == (True, False)
