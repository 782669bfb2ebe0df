"""A process that is killed while it records usage, at each step: sent again, its batch counts once, and what
it had answered is there."""

import json
import random
import time
from contextlib import contextmanager

import psycopg
import pytest

from platforms.models import CreatorDay, UsageEvent, UsageReceipt
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import event, have_months, report, usage_faults
from tests.support.factories import NOW
from tests.support.long_forms import KILLS
from tests.support.servers.processes import database_url, run_code

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]
PATIENCE_SECONDS = 60
# The tables in the order in which a batch writes them; at the last step all is committed.
STEPS = [
    "listeners",
    "usage_keys",
    "usage_events",
    "work_listener_days",
    "creator_listener_days",
    "platform_listener_days",
    "work_likes",
    "work_days",
    "creator_days",
    "usage_batches",
    "usage_receipts",
    "platform_days",
    "audit_logs",
    "events",
    "committed",
]
REPORTS = """
import json
from datetime import datetime
from uuid import UUID
from platforms import services
for line in open({path!r}):
    items = json.loads(line)
    now = datetime.fromisoformat({now!r})
    result = services.report_usage(platform_id=UUID({platform!r}), items=items, now=now)
    print(len(result.accepted), flush=True)
{after}
"""


@pytest.fixture
def song():
    have_months()
    return work(creator())


def batches_of(song, count, label=""):
    return [
        [event(song, listener=f"fan-{n}") for n in range(20)]
        + [event(song, "like", listener=f"fan-{label}-{turn}-{n}") for n in range(3)]
        + [event(song, "tip", amount="0.10")]
        for turn in range(count)
    ]


@contextmanager
def reporting(song, batches, tmp_path, *, after=""):
    """Yield a process that reports the batches one after the other, and its output."""
    path, log = tmp_path / "batches", tmp_path / "log"
    path.write_text("".join(json.dumps(one) + "\n" for one in batches))
    code = REPORTS.format(path=str(path), platform=str(song.platform_id), now=NOW.isoformat(), after=after)
    with run_code(code, log=log) as process:
        yield process, log


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def somebody_waits():
    with psycopg.connect(database_url(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query NOT LIKE '%pg_stat_activity%'"
        )
        return found.fetchone()[0] > 0


def gone():
    """Whether the server has noticed that the killed process is not there."""
    with psycopg.connect(database_url(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND query NOT LIKE '%pg_stat_activity%'"
        )
        return found.fetchone()[0] == 0


@pytest.mark.parametrize("step", STEPS)
def test_a_batch_whose_process_is_killed_counts_once(song, tmp_path, step):
    (batch,) = batches = batches_of(song, 1)
    stays = "import time; time.sleep(60)"
    with psycopg.connect(database_url()) as lock:
        if step != "committed":
            lock.execute(f"LOCK TABLE {step} IN SHARE MODE")
        with reporting(song, batches, tmp_path, after=stays) as (process, log):
            until(somebody_waits if step != "committed" else lambda: "24" in log.read_text())
            process.kill()
            process.wait(timeout=30)
        lock.rollback()
    until(gone)
    assert UsageEvent.objects.count() == (24 if step == "committed" else 0)

    result = report(song.platform, *batch)

    assert result.refused == {}
    assert len(result.replayed if step == "committed" else result.accepted) == 24
    assert (UsageEvent.objects.count(), UsageReceipt.objects.count()) == (24, 1)
    assert CreatorDay.objects.get().plays == 20
    assert usage_faults() == []
    assert violated() == {}


def test_kills_at_any_time_lose_and_double_nothing(song, tmp_path):
    chance = random.Random(7)
    sent = 0
    for kill in range(KILLS):
        batches = batches_of(song, 40, f"kill-{kill}")
        with reporting(song, batches, tmp_path) as (process, log):
            until(lambda process=process, log=log: log.read_text() or process.poll() is not None)
            time.sleep(chance.uniform(0, 0.5))
            process.kill()
            process.wait(timeout=30)
        answered = log.read_text().count("24\n")
        until(gone)
        on_record = UsageEvent.objects.count() - sent
        # What was answered is there; at most the batch that was under way is there as well.
        assert on_record in (24 * answered, 24 * (answered + 1))
        for batch in batches:
            result = report(song.platform, *batch)
            assert result.refused == {}
        sent += 24 * len(batches)
        assert UsageEvent.objects.count() == sent

    assert CreatorDay.objects.get().plays == sent * 20 // 24
    assert usage_faults() == []
    assert violated() == {}
