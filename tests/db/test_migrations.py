"""Migrations go forwards and back, and say all that the models say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from audit.claims import claim
from audit.models import Claim
from gigstream.lib.sql import REVERSE
from payments.models import ReconciliationBreak
from tests.db.rows import insert, valid

ROOT = Path(__file__).resolve().parents[2]
APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans")


@pytest.fixture
def scratch_url() -> Iterator[str]:
    """The URL of an empty database beside the tests' own; it is dropped in the end."""
    name = f"{connection.settings_dict['NAME']}_scratch"
    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield _url(name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _url(database: str) -> str:
    at = connection.settings_dict
    password = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    host = quote(at["HOST"] or "localhost", safe="")
    return f"postgresql://{quote(at['USER'], safe='')}{password}@{host}:{at['PORT'] or 5432}/{database}"


MIGRATE = """
import sys
import django
from django.core.management import call_command

django.setup()
for target in sys.argv[1:]:
    call_command("migrate", *target.split(), verbosity=0)
"""


def _migrate(url: str, *targets: str) -> None:
    """One migration after the other in one process: "" is all, "loans zero" is one app to nothing."""
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE, *targets],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _objects(url: str) -> set[tuple[str, str]]:
    """Every table, view, function, trigger and constraint of our apps, by kind and name."""
    with psycopg.connect(url) as database:
        found = database.execute(
            """
            SELECT 'relation', relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'i', 'S')
            UNION ALL
            SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL
            SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL
            SELECT 'constraint', conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            """
        ).fetchall()
    return {(kind, name) for kind, name in found}


@pytest.mark.long_form
@pytest.mark.django_db
def test_every_app_migrates_to_nothing_and_forwards_again(scratch_url):
    _migrate(scratch_url, "")
    built = _objects(scratch_url)
    tables = {model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()}
    assert tables <= {name for kind, name in built if kind == "relation"}

    # All others stand on these two, and go before them.
    _migrate(scratch_url, "workers zero", "audit zero")
    left = _objects(scratch_url)
    assert not tables & {name for kind, name in left if kind == "relation"}
    # pgtrigger leaves its functions behind; without a trigger nothing calls them.
    own = [(kind, name) for kind, name in left if "pgtrigger_" not in name]
    assert [(kind, name) for kind, name in own if kind in ("function", "trigger")] == []

    _migrate(scratch_url, "")
    assert _objects(scratch_url) == built


@pytest.mark.django_db
def test_who_looked_into_a_break_has_claimed_it_since():
    names = ("staff:7", "staff:8", "staff:9", "system:operator:sam", "")
    rows = [insert(valid(ReconciliationBreak, resolved_at=None, note="seen")) for _ in names]
    claim(subject_type="reconciliationbreak", subject_id=str(rows[1].pk), by="1")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE reconciliation_breaks ADD owner varchar(64) NOT NULL DEFAULT ''")
        for row, name in zip(rows, names, strict=True):
            cursor.execute("UPDATE reconciliation_breaks SET owner = %s WHERE id = %s", [name, row.pk])
        cursor.execute("UPDATE reconciliation_breaks SET resolved_at = now() WHERE id = %s", [rows[2].pk])
        moved = apps.get_app_config("payments").path + "/migrations/sql/break_owners_to_claims.sql"
        forward, _, backward = Path(moved).read_text().partition(REVERSE)
        for _ in range(2):
            cursor.execute(forward)
            cursor.execute("UPDATE reconciliation_breaks SET owner = ''")
            cursor.execute(backward)
        cursor.execute("SELECT id, owner FROM reconciliation_breaks")
        owners = dict(cursor.fetchall())

    claims = {(one.subject_id, one.claimed_by, one.ended_at is None) for one in Claim.objects.all()}
    assert claims == {
        (str(row.pk), by, is_open) for row, by, is_open in zip(rows, "719", (True, True, False), strict=False)
    }
    assert [owners[row.pk] for row in rows] == ["staff:7", "staff:1", "staff:9", "", ""]
    for row in rows:
        row.refresh_from_db()
    assert [row.note for row in rows[2:]] == ["seen", "seen (system:operator:sam)", "seen"]


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
