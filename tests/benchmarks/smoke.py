"""The benchmarks run and write their page; how fast anything is they say themselves, on a quiet machine."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.benchmarks.results import BEGIN, END

ROOT = Path(__file__).resolve().parents[2]
DATABASES = "gigstream_smoke"
BENCHES = [
    "release",
    "posting",
    "startup",
    "api",
    "webhooks",
    "quests",
    "usage",
    "recounts",
    "royalties",
    "console",
]
GOALS = [
    "release, against the same SQL from psql",
    "release, against Django loop with signals",
    "two releasers, against one",
    "600 due among 900 active, two releasers",
    "cold start of manage.py check",
    "a task posted, p95 at 8 connections",
    "webhooks that are well, beside one that hangs and one that fails, against alone",
    "20 workers at once have their rewards",
    "sign-in by address, at 2,000 events",
    "clusters of 2,000 accounts, first run",
    "usage in batches, against row by row",
    "usage in batches, against Lago's table",
    "the API, two clients",
    "days of a month rebuilt, 2,000 events",
    "a creator's sums from raw events, 2,000 events",
    "a write into a pool of 100 members",
    "search, a title",
]
TABLES = [
    "Release of 600 due",
    "Finding due work",
    "Posting one after the other",
    "Start, 1 times each",
    "A worker's overview, 1 rounds of 24",
    "A task posted, 1 rounds of 24",
    "2 events for each of 8 webhooks, 1 rounds",
    "A reward claimed by 20 workers at once",
    "Reads of rewards at 2,000 events of 20 workers",
    "Clusters of 2,000 accounts",
    "Usage in batches of 5,000, 1 rounds",
    "Days rebuilt from 2,000 events",
    "Pay of 50 creators",
    "Search over 2,000 tasks",
]


@pytest.mark.django_db
def test_a_small_run_measures_everything_and_rewrites_its_part_of_the_page(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"Before.\n{BEGIN}\nOf last year.\n{END}\nAfter.\n")
    command = [sys.executable, "-m", "tests.benchmarks", "--size", "small", "--no-peers", *BENCHES]

    done = subprocess.run(
        [*command, "--databases", DATABASES, "--page", page],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    before, begun, rest = page.read_text().partition(BEGIN)
    measured, ended, after = rest.partition(END)
    assert (before, begun, ended, after) == ("Before.\n", BEGIN, END, "\nAfter.\n")
    assert measured.strip() in done.stdout
    assert "Of last year." not in measured
    assert [goal for goal in GOALS if f"| {goal} |" not in measured] == []
    assert [title for title in TABLES if f"### {title}" not in measured] == []
    assert databases_left() == []


def databases_left() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [DATABASES])
        return [name for (name,) in cursor.fetchall()]
