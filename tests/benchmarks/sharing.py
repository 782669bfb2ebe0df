"""A day of use that is accrued, distributed among many creators and paid, and a pool with many members."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import limit_minutes
from payments import services as payments
from payments.models import Distribution, Pool
from platforms.models import Platform, Work
from tests.benchmarks.books import check_books
from tests.support.creators.catalogue import creator, work
from tests.support.factories import PlatformFactory

# Copies of a row with keys of their own, by table: the other columns stay as they are.
_COPIES: dict[str, dict[str, str]] = {
    "workers": {
        "id": "('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "email": "'copy-' || n || '@example.com'",
        "wallet_address": "NULL",
    },
    "creator_profiles": {
        "id": "('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "worker_id": "('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "number": "1000000 + n",
    },
    "works": {
        "id": "('00000000-0000-4000-a000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "creator_id": "('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid",
        "number": "1000000 + n",
        "external_id": "'copy-' || n",
    },
}
_DAYS = """
    INSERT INTO work_rates (created_at, work_id, rate, valid_from)
    SELECT now(), w.id, 0.01, %(day)s FROM works w WHERE w.external_id LIKE 'copy-%%';
    INSERT INTO work_listener_days (day, work_number, creator_number, listener_number, plays)
    SELECT %(day)s, 1000000 + n, 1000000 + n, (n * 7 + k * 13) %% 50000, 1 + (n + k) %% 5
    FROM generate_series(1, %(creators)s) n, generate_series(1, 3) k;
    INSERT INTO creator_listener_days (day, creator_number, listener_number, plays)
    SELECT day, creator_number, listener_number, plays FROM work_listener_days;
    INSERT INTO work_days (work_number, creator_number, day, plays, listeners, likes, comments, shares,
                           seconds, purchases, sales, tips)
    SELECT work_number, creator_number, day, sum(plays), count(*), 0, 0, 0, 0, 0, 0, 0
    FROM work_listener_days GROUP BY 1, 2, 3;
    INSERT INTO creator_days (creator_number, day, plays, listeners, likes, comments, shares, seconds,
                              purchases, sales, tips, followers_gained, followers_lost)
    SELECT creator_number, day, plays, listeners, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM work_days;
    INSERT INTO creator_totals (creator_number, plays, followers, likes, comments, shares, purchases, revenue)
    SELECT creator_number, sum(plays), 0, 0, 0, 0, 0, 0 FROM creator_days GROUP BY creator_number;
    INSERT INTO platform_days (platform_number, day, plays, listeners, likes, comments, shares, seconds,
                               purchases, sales, tips, followers_gained, followers_lost)
    SELECT %(platform)s, day, sum(plays), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM creator_days GROUP BY day
"""
_MEMBERS = """
    -- Members have no profiles here, which would be as many rows again.
    ALTER TABLE pool_members DROP CONSTRAINT {key};
    INSERT INTO pool_members (pool_id, creator_number, units, index_at, fraction, paid, payments)
    SELECT %(pool)s, 1000000 + n, 1 + n %% 9, 0, 0, 0, 0 FROM generate_series(1, %(members)s) n;
    UPDATE pools SET units = (SELECT sum(units) FROM pool_members) WHERE id = %(pool)s
"""


def fill(creators: int, members: int) -> dict[str, int]:
    """Make a platform with so many creators, each with a work that was played two days ago, and a pool of so
    many members."""
    before = database_now() - timedelta(days=3)
    platform = PlatformFactory.create(funds="100000000", now=before)
    song = work(creator(platform, now=before), now=before)
    with transaction.atomic(), connection.cursor() as cursor:
        limit_minutes(10)
        for table, changed in _COPIES.items():
            _copy(cursor, table, changed, creators)
        values = {"day": _played_on(), "creators": creators, "platform": platform.number}
        for statement in _DAYS.split(";"):
            cursor.execute(statement, values)
    pool = payments.create_pool(platform_id=platform.pk, name="Fund", now=before)
    with transaction.atomic(), connection.cursor() as cursor:
        limit_minutes(10)
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'pool_members'::regclass AND contype = 'f'"
            " AND confrelid = 'creator_profiles'::regclass"
        )
        text = _MEMBERS.replace("{key}", cursor.fetchone()[0])
        for statement in text.split(";"):
            cursor.execute(statement, {"pool": pool.pk, "members": members})
    with transaction.atomic(), connection.cursor() as cursor:
        limit_minutes(10)
        cursor.execute("ANALYZE")
    return {"works": Work.objects.filter(creator__platform=song.platform).count()}


def _copy(cursor: Any, table: str, changed: dict[str, str], count: int) -> None:
    # The database gives each row a short number of its own.
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
        " AND table_schema = 'public' AND column_name <> 'short_number'",
        [table],
    )
    names = [name for (name,) in cursor.fetchall()]
    values = ", ".join(changed.get(name, f'c."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values}"
        f" FROM (SELECT * FROM {table} LIMIT 1) c, generate_series(1, {int(count)}) n"
    )


def _played_on() -> date:
    """Return a day that rules of artificial use have had time to look at."""
    return (database_now() - timedelta(days=2)).date()


def _seconds(work_: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work_()
    return time.perf_counter() - began


def accrue() -> dict[str, float]:
    """Return how long it takes to accrue and fund the day."""
    return {"seconds": _seconds(payments.accrue_royalties)}


def distribute(mode: str) -> dict[str, float]:
    """Return how long a distribution by the use of the day takes to be shared, approved and paid."""
    platform, day, made = Platform.objects.get(), _played_on(), list[Distribution]()
    given: dict[str, Any] = {"platform_id": platform.pk, "first": day, "last": day, "amount": "100000"}
    shared = _seconds(lambda: made.append(payments.draft_distribution(**given, mode=mode)))
    approved = _seconds(lambda: payments.approve_distribution(distribution_id=made[0].pk))
    return {"shared": shared, "approved": approved, "paid": _seconds(payments.pay_distributions)}


def write_pool(times: int) -> dict[str, float]:
    """Return the median of the milliseconds that an arrival of money in the pool takes."""
    pool = Pool.objects.get()
    taken = sorted(
        _seconds(lambda: payments.add_to_pool(pool_id=pool.pk, amount="12.345678")) for _ in range(times)
    )
    return {"milliseconds": 1000 * taken[times // 2]}


COMMANDS = {
    "accrue": accrue,
    "check_books": check_books,
    "distribute": distribute,
    "fill": fill,
    "write_pool": write_pool,
}
