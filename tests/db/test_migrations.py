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

ROOT = Path(__file__).resolve().parents[2]
APPS = ("audit", "workers", "platforms", "payments", "reputation", "loans", "console")


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
    """Run migrations in turn in a single process: "" is all, "loans zero" is an app to nothing."""
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
    """Return every table, view, function, trigger and constraint of our apps, by kind and name."""
    with psycopg.connect(url) as database:
        found = database.execute(
            """
            SELECT 'relation', relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'i', 'I', 'S')
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

    # All others stand on the clock, and go before it.
    _migrate(scratch_url, "gigstream_core zero")
    left = _objects(scratch_url)
    assert not tables & {name for kind, name in left if kind == "relation"}
    # pgtrigger leaves its functions behind; without a trigger nothing calls them.
    own = [(kind, name) for kind, name in left if "pgtrigger_" not in name]
    assert [(kind, name) for kind, name in own if kind in ("function", "trigger")] == []

    _migrate(scratch_url, "")
    assert _objects(scratch_url) == built


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
