"""Months of usage events: made ahead, put into a file after 14 months, and attached again."""

import gzip
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import limit_minutes, wait_for_lock
from platforms.models import UsageArchive
from platforms.usage.calculations.merkle import RootBuilder, hash_leaf
from platforms.usage.calculations.periods import day_of, is_to_detach, months_to_have
from platforms.usage.enums import UsageKind
from platforms.usage.errors import ArchiveDamaged, MonthNotEnded
from platforms.usage.selectors import attached_months
from platforms.usage.store.services.comparing import require_stored

MOST_MINUTES = 30
# A month that was attached again is there for so long.
KEPT_ATTACHED = timedelta(days=7)
_PIECE = 1 << 20


class StrayEvents(RuntimeError):
    """Events in the partition that takes what no month takes: a month was not made in time."""


def make_months(months: Collection[date]) -> int:
    """Make the partitions of these months that are not there; return how many."""
    if not months:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT make_usage_month(month) FROM unnest(%s::date[]) AS month", [sorted(months)])
        return sum(made for (made,) in cursor.fetchall())


def keep_usage_partitions(*, now: datetime | None = None) -> int:
    """Make the partitions of the next months, and put those of 14 months ago into files, unless they were
    attached again less than a week ago; return how many months changed. Raises StrayEvents if events lie
    outside of all months."""
    now = now or database_now()
    changed = make_months(months_to_have(day_of(now)))
    kept = UsageArchive.objects.filter(attached_at__gt=now - KEPT_ATTACHED)
    for month in sorted(set(attached_months()) - set(kept.values_list("month", flat=True))):
        if is_to_detach(month, day_of(now)):
            archive_month(month=month, now=now)
            changed += 1
    strays = count_strays()
    if strays:
        raise StrayEvents(f"{strays} usage events lie outside of all months")
    return changed


def count_strays() -> int:
    """Return how many events lie outside of all months."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM usage_events_default")
        count: int = cursor.fetchone()[0]
    return count


@verb("usage.archive", "usagearchive")
def archive_month(*, month: date, now: datetime | None = None) -> UsageArchive:
    """Write the month's events into a file, keep its counts, root and hash, and take the events and their ids
    out of the database. Its day rows are sealed. Raises MonthNotEnded before its 14 months are over, or
    UsageStoreIncomplete if another store is in use and has fewer or more events of the month."""
    now = now or database_now()
    if not is_to_detach(month, day_of(now)):
        raise MonthNotEnded(f"{month:%Y-%m} ended less than 14 months ago", month=f"{month:%Y-%m}")
    wait_for_lock("usage months")
    limit_minutes(MOST_MINUTES)
    path = Path(settings.USAGE_ARCHIVE_ROOT) / f"usage-{month:%Y-%m}.csv.gz"
    written = _write_file(path, month)
    archive = UsageArchive(month=month, file=path.name, detached_at=now, **written)
    archive.save()
    if _digest(path) != archive.sha256:
        raise ArchiveDamaged(f"{path.name} does not hold what was written")
    require_stored(month=month, events=archive.events)
    with connection.cursor() as cursor:
        cursor.execute("SELECT detach_usage_month(%s)", [month])
    audit.record(
        "usage.archive", archive, after={"events": archive.events, "sha256": archive.sha256}, now=now
    )
    return archive


def _write_file(path: Path, month: date) -> dict[str, Any]:
    """Write the month's events as lines of CSV in gzip; return the columns of the archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    roots, totals = RootBuilder(), Counter[str]()
    words = {str(kind.value): kind.word for kind in UsageKind}
    with gzip.open(path, "wb") as file:
        for line in _lines(month):
            file.write(line)
            roots.add(hash_leaf(line))
            totals[words[line.partition(b",")[0].decode()]] += 1
    return {
        "events": roots.count,
        "bytes": path.stat().st_size,
        "sha256": _digest(path),
        "root": roots.root().hex(),
        "totals": dict(totals),
    }


def _lines(month: date) -> Iterator[bytes]:
    """Yield the month's events in the order of their numbers, each as a line of CSV."""
    rest = b""
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(sql.text("platforms/usage/copy_month"), {"month": month}) as copy,
    ):
        for part in copy:
            *whole, rest = (rest + bytes(part)).split(b"\n")
            yield from (line + b"\n" for line in whole)


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while part := file.read(_PIECE):
            found.update(part)
    return found.hexdigest()


@verb("usage.attach", "usagearchive")
def attach_month(*, month: date, now: datetime | None = None) -> UsageArchive:
    """Bring the events of a month back from its file, with their ids: its days can be corrected again. Raises
    ArchiveDamaged if the file is not the one that was written."""
    now = now or database_now()
    wait_for_lock("usage months")
    limit_minutes(MOST_MINUTES)
    archive = UsageArchive.objects.locked().get(month=month, attached_at=None)
    path = Path(settings.USAGE_ARCHIVE_ROOT) / archive.file
    if not path.is_file() or _digest(path) != archive.sha256:
        raise ArchiveDamaged(f"{archive.file} is not there, or not the file that was written")
    make_months([month])
    with connection.cursor() as cursor:
        cursor.execute(sql.text("platforms/usage/make_attached"))
        with (
            gzip.open(path, "rb") as file,
            cursor.cursor.copy("COPY usage_attached FROM STDIN (FORMAT csv)") as copy,
        ):
            while part := file.read(_PIECE):
                copy.write(part)
    sql.run("platforms/usage/attach_events")
    archive.attached_at = now
    archive.save(update_fields=["attached_at"])
    audit.record("usage.attach", archive, after={"events": archive.events}, now=now)
    return archive
