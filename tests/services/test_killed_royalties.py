"""A process that is killed while it accrues, funds and pays, at each step: run again, each is done once."""

import time
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest

from payments import services as payments
from payments.models import Distribution, LedgerEntry, PoolMember
from tests.support.books import violated
from tests.support.creators.catalogue import creator
from tests.support.creators.royalties import (
    after_midnight,
    count_use,
    parts_of,
    paying_platform,
    play,
    song_of,
)
from tests.support.creators.usage import accepted, event, have_months
from tests.support.factories import NOW, balance
from tests.support.long_forms import KILLS
from tests.support.servers.processes import database_url, run_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]
PATIENCE_SECONDS = 60
DAY = NOW.date()
LATER = after_midnight(DAY, minutes=360)
# The tables that the jobs write, in their order.
STEPS = [
    "days_to_accrue",
    "daily_accruals",
    "period_pays",
    "period_fundings",
    "ledger_entries",
    "accounts",
    "transactions",
    "royalty_payments",
    "carried_balances",
    "distribution_shares",
    "distributions",
    "pool_members",
    "pools",
    "audit_logs",
    "events",
]
JOBS = """
from datetime import datetime
from payments import services
now = datetime.fromisoformat({now!r})
services.accrue_royalties(now=now)
services.fund_royalties(now=now)
services.pay_royalties(now=now)
services.pay_distributions(now=now)
services.pay_pools(now=now)
print("done", flush=True)
"""


@pytest.fixture
def platform():
    """A platform with use of yesterday, tips of today, an approved distribution and a pool with money."""
    have_months()
    platform = paying_platform()
    songs = [song_of(platform) for _ in range(3)]
    for song in songs:
        play(song, times=5)
    count_use(LATER)
    found = payments.draft_distribution(
        platform_id=platform.pk, first=DAY, last=DAY, mode="user_centric", amount="9", now=LATER
    )
    payments.approve_distribution(distribution_id=found.pk, now=LATER)
    pool = payments.create_pool(platform_id=platform.pk, name="Fund", now=LATER)
    payments.set_pool_units(pool_id=pool.pk, creator_id=creator(platform).pk, units=1, now=LATER)
    payments.add_to_pool(pool_id=pool.pk, amount="4", now=LATER)
    play(songs[0], times=2, at=NOW, now=LATER)
    accepted(platform, *(event(song, "tip", amount="1", at=LATER) for song in songs), now=LATER)
    return platform


@contextmanager
def working(tmp_path):
    log = tmp_path / "log"
    with run_code(JOBS.format(now=LATER.isoformat()), log=log) as process:
        yield process, log


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def count_of(condition):
    with psycopg.connect(database_url(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND query NOT LIKE '%pg_stat_activity%' AND {condition}"
        )
        return found.fetchone()[0]


@pytest.mark.parametrize("step", STEPS)
def test_what_a_killed_process_has_left_is_done_once(platform, tmp_path, step):
    with psycopg.connect(database_url()) as lock:
        lock.execute(f"LOCK TABLE {step} IN SHARE MODE")
        with working(tmp_path) as (process, log):
            until(lambda: count_of("wait_event_type = 'Lock'") or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            process.kill()
            process.wait(timeout=30)
        lock.rollback()
    until(lambda: not count_of("state = 'active'"))
    assert violated() == {}

    for _ in range(2):
        payments.accrue_royalties(now=LATER)
        payments.fund_royalties(now=LATER)
        payments.pay_royalties(now=LATER)
        payments.pay_distributions(now=LATER)
        payments.pay_pools(now=LATER)

    creators = [pay.creator for pay in platform.royalty_periods.get().pays.filter(source="plays")]
    assert sum(parts_of(one)["accrued"] for one in creators) == Decimal("0.17")
    assert {balance(one.worker, "available") for one in creators} == {Decimal("4")}
    assert (Distribution.objects.get().status, PoolMember.objects.get().paid) == ("paid", 4)
    assert LedgerEntry.objects.filter(kind="royalty").count() == 3 + 3 + 1
    assert violated() == {}


def test_kills_at_any_time_lose_and_double_nothing(platform, tmp_path):
    songs = [one.works.get() for one in platform.creators.filter(works__isnull=False).order_by("number")]
    tips = 1
    for kill in range(KILLS):
        at = LATER
        accepted(platform, *(event(song, "tip", amount="1", at=at) for song in songs), now=at)
        tips += 1
        with working(tmp_path) as (process, _):
            until(
                lambda process=process: count_of("query LIKE '%period_pays%'") or process.poll() is not None
            )
            time.sleep(kill % 10 / 50)
            process.kill()
            process.wait(timeout=30)
        until(lambda: not count_of("state = 'active'"))
        assert violated() == {}
    payments.accrue_royalties(now=LATER)
    payments.fund_royalties(now=LATER)
    payments.pay_royalties(now=LATER)
    payments.pay_distributions(now=LATER)

    assert {balance(song.creator.worker, "available") for song in songs} == {Decimal(tips + 3)}
    assert violated() == {}
