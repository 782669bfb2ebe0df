"""Usage reported to the service in batches, and by a loop of plain statements for each event."""

import itertools
import json
import random
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import CreatorDay, Platform, Work
from platforms.usage.calculations.packing import MOST_EVENTS, read_ndjson
from platforms.usage.calculations.periods import months_to_have
from tests.benchmarks.books import check_books
from tests.support.creators.catalogue import creator
from tests.support.factories import PlatformFactory

LISTENERS = 100_000
_ready: list[bytes] = []
_numbers = itertools.count(random.SystemRandom().randrange(10**9) * 10**6)
_PLAIN = """
    CREATE TABLE plain_works (id bigint PRIMARY KEY, external_id text UNIQUE, creator_id bigint);
    CREATE TABLE plain_events (
        external_id text PRIMARY KEY, work_id bigint, creator_id bigint, kind text, listener text,
        occurred_at timestamptz, seconds int, amount numeric(20, 6));
    CREATE INDEX ON plain_events (creator_id, occurred_at);
    CREATE TABLE plain_listeners (
        creator_id bigint, day date, listener text, PRIMARY KEY (creator_id, day, listener));
    CREATE TABLE plain_days (
        creator_id bigint, day date, plays bigint, listeners bigint, seconds bigint, tips numeric(20, 6),
        PRIMARY KEY (creator_id, day));
    INSERT INTO plain_works SELECT w.number, w.external_id, c.number
    FROM works w JOIN creator_profiles c ON c.id = w.creator_id;
"""


def fill(creators: int, works: int) -> dict[str, int]:
    """Make a platform with so many creators and works, and tables of a plain application."""
    now = database_now()
    before = now - timedelta(days=90)
    platform = PlatformFactory.create(now=before)
    owners = [creator(platform, name=f"Band {number}", now=before).pk for number in range(creators)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO works (id, created_at, updated_at, platform_id, creator_id, external_id, title,"
            " kind, content_id, published_on, metadata) SELECT gen_random_uuid(), %s, %s, %s,"
            " (%s::uuid[])[1 + n %% %s], 'work-' || n, 'Song', 'track', '', %s, '{}'"
            " FROM generate_series(1, %s) n",
            [before, before, platform.pk, owners, creators, before.date(), works],
        )
        cursor.execute(_PLAIN)
        cursor.execute("ANALYZE")
    platforms.make_months(months_to_have(now.date()))
    return {"works": works}


def prepare(batches: int, events: int = MOST_EVENTS) -> dict[str, int]:
    """Make so many batches ready, as they arrive: lines of JSON."""
    chance, now, works = random.Random(next(_numbers)), database_now(), Work.objects.count()
    _ready[:] = [b"\n".join(_line(chance, now, works) for _ in range(events)) for _ in range(batches)]
    return {"count": batches * events}


def _line(chance: random.Random, now: Any, works: int) -> bytes:
    kind = chance.choices(("play", "comment", "share", "tip"), (92, 4, 3, 1))[0]
    measure: dict[str, Any] = {"play": {"seconds": chance.randrange(1, 300)}, "tip": {"amount": "0.50"}}.get(
        kind, {}
    )
    found = {
        "id": f"event-{next(_numbers)}",
        "work": f"work-{min(works, int(chance.paretovariate(0.7)))}",
        "kind": kind,
        "listener": f"user-{chance.randrange(LISTENERS)}",
        "occurred_at": (now - timedelta(seconds=chance.randrange(80_000))).isoformat(),
        **measure,
    }
    return json.dumps(found).encode()


def report() -> dict[str, int]:
    """Report the batches that were made ready, one after the other."""
    platform = Platform.objects.get()
    done = 0
    while _ready:
        result = platforms.report_usage(platform_id=platform.pk, items=read_ndjson(_ready.pop()))
        done += len(result.accepted)
    return {"count": done}


def report_by_row() -> dict[str, int]:
    """Record the events of the batches as an application without batches does: a transaction and plain
    statements for each; without days of works and of the platform, without receipts and without likes."""
    done = 0
    while _ready:
        for one in read_ndjson(_ready.pop()):
            with transaction.atomic(), connection.cursor() as cursor:
                done += _record_row(cursor, one)
    return {"count": done}


def _record_row(cursor: Any, one: dict[str, Any]) -> int:
    cursor.execute("SELECT id, creator_id FROM plain_works WHERE external_id = %s", [one["work"]])
    work_id, creator_id = cursor.fetchone()
    at, seconds, amount = one["occurred_at"], one.get("seconds", 0), one.get("amount", 0)
    cursor.execute(
        "INSERT INTO plain_events VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [one["id"], work_id, creator_id, one["kind"], one["listener"], at, seconds, amount],
    )
    if cursor.rowcount == 0:
        return 0
    is_play = int(one["kind"] == "play")
    if is_play:
        cursor.execute(
            "INSERT INTO plain_listeners VALUES (%s, (%s::timestamptz AT TIME ZONE 'UTC')::date, %s)"
            " ON CONFLICT DO NOTHING",
            [creator_id, at, one["listener"]],
        )
    cursor.execute(
        "INSERT INTO plain_days AS d VALUES (%s, (%s::timestamptz AT TIME ZONE 'UTC')::date, %s, %s, %s, %s)"
        " ON CONFLICT (creator_id, day) DO UPDATE SET plays = d.plays + excluded.plays,"
        " listeners = d.listeners + excluded.listeners, seconds = d.seconds + excluded.seconds,"
        " tips = d.tips + excluded.tips",
        [creator_id, at, is_play, is_play and cursor.rowcount, seconds, amount],
    )
    return 1


def read_days() -> dict[str, float]:
    """Return the milliseconds that the busiest creator's sums take, from the days and from the events."""
    busiest = CreatorDay.objects.order_by("-plays").first()
    if busiest is None:
        raise RuntimeError("nothing is counted")
    statements = {
        "days": "SELECT sum(plays), sum(listeners), sum(tips) FROM creator_days WHERE creator_number = %s",
        "events": "SELECT count(*), count(DISTINCT listener_number), sum(amount) FROM usage_events"
        " WHERE creator_number = %s",
    }
    return {name: _timed(text, busiest.creator_id) for name, text in statements.items()}


def _timed(text: str, creator_number: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", [creator_number])
        found: float = cursor.fetchone()[0][0]["Execution Time"]
    return found


COMMANDS = {
    "fill": fill,
    "prepare": prepare,
    "report": report,
    "report_by_row": report_by_row,
    "read_days": read_days,
    "check_books": check_books,
}
