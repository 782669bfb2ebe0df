"""The template database: migrated once, then copied by every process that runs tests."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

_PREFIX = "tests_template_"
_LOCK = 7_311_204_501  # among advisory locks, any number that nobody else takes


def make_template_database() -> str:
    """Return the name of a database that the present migrations have made.

    It stays for later runs until a migration or an SQL file changes. A process that finds it missing makes
    it, and drops those of other migrations; the other processes wait for that.
    """
    name = _PREFIX + _digest()
    with _maintenance() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        rows = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX])
        present = {row[0] for row in rows}
        if name not in present:
            for other in (*present, name + "_unfinished"):
                server.execute(_statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", other))
            server.execute(_statement("CREATE DATABASE {}", name + "_unfinished"))
            _migrate(name + "_unfinished")
            server.execute(_statement("ALTER DATABASE {} RENAME TO {}", name + "_unfinished", name))
    return name


def _digest() -> str:
    """Return a digest of the files that decide the result of `migrate`."""
    root = settings.BASE_DIR
    found = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda one: one.label):
        folder = Path(config.path)
        if folder.is_relative_to(root / ".venv") or not folder.is_relative_to(root):
            continue
        for file in sorted((*folder.glob("migrations/**/*.py"), *folder.glob("**/*.sql"))):
            found.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    # `post_migrate` writes the groups of the roles.
    for name in ("gigstream/staff/roles.py", "requirements.txt"):
        found.update((root / name).read_bytes())
    return found.hexdigest()[:16]


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection]:
    """Yield a connection to the server's own database, from which others are made and dropped."""
    values = connection.get_connection_params() | {"dbname": "postgres"}
    keep = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: values[key] for key in keep if key in values}, autocommit=True) as server:
        yield server


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def _migrate(name: str) -> None:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
