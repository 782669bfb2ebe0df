"""Usage reported in batches, to the service and to the API, and by plain statements for each event."""

import gzip
import itertools
import json
import random
import time
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Sum

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import CreatorDay, Platform, Work
from platforms.usage.calculations.packing import MOST_EVENTS, read_ndjson
from platforms.usage.calculations.periods import months_to_have, shift_month
from platforms.usage.models.events import NUMBERS_PER_BATCH
from tests.benchmarks.books import check_books
from tests.support.creators.catalogue import creator
from tests.support.factories import PlatformFactory

LISTENERS = 100_000
LAGO_BATCH = 100
_LAGO = (
    'INSERT INTO lago_events (organization_id, transaction_id, code, properties, "timestamp",'
    " external_subscription_id, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, now(), now())"
)
_ready: list[bytes] = []
_numbers = itertools.count(random.SystemRandom().randrange(10**9) * 10**6)


def _text_of(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")


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
        cursor.execute(_text_of("plain"))
        cursor.execute(_text_of("lago"))
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


def api_key() -> dict[str, str]:
    """Return a new key of the platform."""
    return {"key": platforms.create_api_key(platform_id=Platform.objects.get().pk)[1]}


def report_to_api(port: int, key: str) -> dict[str, int]:
    """Send the batches to the API on this port one after the other, in gzip, through one connection."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }
    connected, done = HTTPConnection("127.0.0.1", port, timeout=60), 0
    while _ready:
        body = gzip.compress(_ready.pop(), compresslevel=1)
        connected.request(
            "POST", "/api/v1/usage", body, headers | {"Idempotency-Key": f"batch-{next(_numbers)}"}
        )
        answer = connected.getresponse()
        content = json.loads(answer.read())
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"the API refuses a batch: {content}")
        done += sum(one["status"] == "accepted" for one in content["results"])
    connected.close()
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


def report_to_lago() -> dict[str, int]:
    """Record the events of the batches as Lago does: in its table, a statement for each, a hundred in a
    transaction. Sums are not kept: it counts when it bills."""
    done, organization = 0, uuid4()
    while _ready:
        events = read_ndjson(_ready.pop())
        for first in range(0, len(events), LAGO_BATCH):
            with transaction.atomic(), connection.cursor() as cursor:
                for one in events[first : first + LAGO_BATCH]:
                    cursor.execute(_LAGO, _row_of_lago(one, organization))
                    done += cursor.rowcount
    return {"count": done}


def _row_of_lago(one: dict[str, Any], organization: UUID) -> list[Any]:
    facts = {name: one[name] for name in ("listener", "seconds", "amount") if name in one}
    return [organization, one["id"], one["kind"], json.dumps(facts), one["occurred_at"], one["work"]]


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


def fill_month(events: int) -> dict[str, int]:
    """Write raw events of the month before this one, about as many of each creator, and count nothing."""
    month = shift_month(database_now().date().replace(day=1), -1)
    values = {"events": events, "month": month, "listeners": LISTENERS, "per_batch": NUMBERS_PER_BATCH}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_text_of("usage_month"), values)
        cursor.execute("ANALYZE usage_events")
    return {"count": events}


def rebuild_month() -> dict[str, Any]:
    """Rebuild the days of that month; return the seconds that it took, and a digest of the rows."""
    month = shift_month(database_now().date().replace(day=1), -1)
    last = shift_month(month, 1) - timedelta(days=1)
    began = time.perf_counter()
    platforms.rebuild_days(platform_id=Platform.objects.get().pk, first=month, last=last, reason="measured")
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_text_of("usage_rows"))
        rows, count = cursor.fetchone()
    return {"seconds": seconds, "rows": rows, "count": int(count)}


def read_days() -> dict[str, float]:
    """Return the milliseconds that the sums of the creator in the middle take, from days and from events."""
    by_plays = CreatorDay.objects.values("creator").annotate(all=Sum("plays")).order_by("all", "creator")
    creators = list(by_plays.values_list("creator", flat=True))
    statements = {
        "days": "SELECT sum(plays), sum(listeners), sum(tips) FROM creator_days WHERE creator_number = %s",
        "events": "SELECT count(*), count(DISTINCT listener_number), sum(amount) FROM usage_events"
        " WHERE creator_number = %s",
    }
    return {name: _timed(text, creators[len(creators) // 2]) for name, text in statements.items()}


def _timed(text: str, creator_number: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", [creator_number])
        found: float = cursor.fetchone()[0][0]["Execution Time"]
    return found


COMMANDS = {
    "fill": fill,
    "prepare": prepare,
    "api_key": api_key,
    "report": report,
    "report_to_api": report_to_api,
    "report_by_row": report_by_row,
    "report_to_lago": report_to_lago,
    "fill_month": fill_month,
    "rebuild_month": rebuild_month,
    "read_days": read_days,
    "check_books": check_books,
}
