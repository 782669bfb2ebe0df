"""Fixtures of all tests: real PostgreSQL and Redis, embedded or those that the environment names."""

import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django.fixtures
from django.conf import settings
from django.core import management
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django import DjangoDbBlocker, Settings

from audit.database_identity.services import configured_identity, stored_identity
from gigstream import embedded
from tests.support.database import emptying
from tests.support.database.identity import write_identity
from tests.support.database.shared import shared_transaction
from tests.support.database.template import make_template_database
from tests.support.long_forms import LONG
from tests.support.pages import chromium
from tests.support.servers.broker import numbered, use_broker
from tests.support.servers.nginx import NGINX

# For a minute and more the first two wait for servers and clocks, so they begin beside the others' work.
# Those on the demo stay together, in a single process, which seeds it once.
FIRST = ("tests/services/test_demo_simulator.py", "tests/guide/test_guide.py", "tests/console/demo/")
WHILE_CREATING = pytest.MonkeyPatch()
PARALLEL = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-examples", type=int, default=1, help="so many cases of each kind for an operation"
    )
    parser.addoption("--screenshots", type=Path, help="a folder for pictures of the staff's main pages")


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers that do not run, and give each parallel process Redis databases of its own."""
    embedded.ensure_unset()
    # A machine that is busy with the other tests is slow: waiting for PostgreSQL or Redis is no fault.
    options = settings.DATABASES["default"]["OPTIONS"]
    options["options"] = re.sub(r"statement_timeout=\d+", "statement_timeout=20000", options["options"])
    os.environ["DATABASE_STATEMENT_TIMEOUT_MS"] = "20000"
    patience = 10
    settings.REDIS_TIMEOUT_SECONDS = patience
    os.environ["REDIS_TIMEOUT_MS"] = str(1000 * patience)
    settings.CACHES["default"]["OPTIONS"] = dict.fromkeys(
        ("socket_timeout", "socket_connect_timeout"), patience
    )
    os.environ["MEDIA_ROOT"] = settings.MEDIA_ROOT = tempfile.mkdtemp(prefix="gigstream-media-")
    for name in ("submissions", "notes"):
        settings.STORAGES[name]["OPTIONS"]["location"] = f"{settings.MEDIA_ROOT}/{name}"
    # Each test sees its own state.
    settings.HEALTH_CACHE_SECONDS = 0
    settings.API_LOCK_WAIT_SECONDS = settings.API_LOCK_SHORT_WAIT_SECONDS = patience
    os.environ["API_LOCK_WAIT_MS"] = os.environ["API_LOCK_SHORT_WAIT_MS"] = str(1000 * patience)
    use_broker(numbered(settings.CELERY_BROKER_URL, 2 + 2 * PARALLEL))
    settings.CACHES["default"]["LOCATION"] = numbered(
        settings.CACHES["default"]["LOCATION"], 3 + 2 * PARALLEL
    )
    # Each test's client has a handler of its own, which would read all static files before it answers.
    settings.WHITENOISE_AUTOREFRESH = True
    # Hashing at the production cost would only heat the machine.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long forms to `make long`, and to it only what is longer there."""
    left_out = {item for item in items if _is_left_out(item)}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


def _is_left_out(item: pytest.Item) -> bool:
    """Whether the test runs in the other of `make test` and `make long` only."""
    if item.get_closest_marker("long_form"):
        return not LONG
    return LONG and not item.get_closest_marker("shortened")


def pytest_collection_finish() -> None:
    """Install what the collected tests use. Keep the imported modules: the collector of garbage need not go
    through them again and again."""
    if "tests.support.servers.cosmos" in sys.modules:
        sys.modules["tests.support.servers.cosmos"].install()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> None:
    """A database that is kept from run to run follows the migrations by itself; any other is a copy of one
    that has followed them, and no migration is planned for it.

    It is made whichever tests are chosen: modules use it too, and pytest-django looks at marks alone.
    """
    WHILE_CREATING.setattr(
        pytest_django.fixtures, "_get_databases_for_setup", lambda items: ({"default"}, set())
    )
    if django_db_createdb or not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = make_template_database()
        WHILE_CREATING.setattr(management, "call_command", _call_all_but_migrate)


def _call_all_but_migrate(name: str, *arguments: Any, **options: Any) -> Any:
    return None if name == "migrate" else call_command(name, *arguments, **options)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tests' own database, dropped without limit of time: the drop writes out all that the server
    still holds."""
    WHILE_CREATING.undo()
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.fail("the tests would use the real database")
    with django_db_blocker.unblock():
        _commit_without_waiting()
        _made_for_these_settings()
        empty = emptying.instead_of(TransactionTestCase._fixture_teardown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
    connection.settings_dict["OPTIONS"].pop("options")


def _commit_without_waiting() -> None:
    """Let no commit wait for the disk: no test looks at the losses of a crash of the server's machine."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    connection.close()


def _made_for_these_settings() -> None:
    """Make the identity of a database that is used again that of the settings, as a killed test may have
    left another. It is read here, so that no test counts that statement."""
    kind, provider = configured_identity()
    write_identity(kind=kind, provider=provider)
    stored_identity()


@pytest.fixture(scope="module")
def module_transaction(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction for rows that all tests of a module need and that take long to make: fixtures of the
    module write them once. Each test undoes its own writes, and the module's are undone after its last
    test. No test there may commit."""
    with django_db_blocker.unblock(), shared_transaction():
        yield


@pytest.fixture(scope="module", autouse=True)
def _networks_of_the_settings() -> Iterator[None]:
    """Let no module leave the social network that its requests are about to the next."""
    usual = settings.SOCIAL_NETWORKS, settings.SOCIAL_ALLOW_LOOPBACK
    yield
    settings.SOCIAL_NETWORKS, settings.SOCIAL_ALLOW_LOOPBACK = usual


@pytest.fixture(scope="session")
def menu_left_out() -> dict[str, Any]:
    """The settings of the staff's pages without their menu. A group without entries stands in for it: where
    there is none at all, Django's own list of everything does."""
    empty = {**settings.UNFOLD["SIDEBAR"], "navigation": [{"title": "", "items": []}]}
    return {**settings.UNFOLD, "SIDEBAR": empty}


@pytest.fixture
def without_the_menu(settings: Settings, menu_left_out: dict[str, Any]) -> None:
    """For walks over many of the staff's pages: it is the same on each, has a test of its own, and takes most
    of the time of a page."""
    settings.UNFOLD = menu_left_out


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the cases of settlement under faults, with the end of each, and the tests that could not run
    here."""
    asked = [Path(argument.partition("::")[0]).resolve() for argument in terminalreporter.config.args]
    if chromium.program() is None and any(
        chromium.FOLDER.is_relative_to(one) or one.is_relative_to(chromium.FOLDER) for one in asked
    ):
        terminalreporter.line("tests/browser was not run: there is no Chromium here (Debian's is `chromium`)")
    if NGINX is None and any("tests/deploy" in str(one) or str(one).endswith("tests") for one in asked):
        terminalreporter.line(
            "tests/deploy/test_nginx.py was not run: there is no nginx here (Debian's is `nginx-light`)"
        )
    for title in ("settlement", "stalls"):
        lines = sorted(
            str(value)
            for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
            for name, value in report.user_properties
            if name == title and report.when == "call"
        )
        if lines:
            terminalreporter.section(f"{title}, case by case")
        for line in lines:
            terminalreporter.line(line)
