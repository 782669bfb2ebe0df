"""Every test runs on real PostgreSQL and Redis: the embedded ones, or those that the environment names."""

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from audit.database_identity import configured_identity, stored_identity
from gigstream import services
from tests import emptying
from tests.broker import numbered, use_broker
from tests.browser import chromium
from tests.deploy.conftest import NGINX
from tests.identity import write_identity
from tests.long_forms import LONG
from tests.template_database import make_template_database

# For a minute and more these wait for servers and clocks. Begun first, they wait beside the others' work.
LONGEST = ("tests/services/test_demo_twin.py", "tests/guide/test_guide.py")
PARALLEL = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-examples", type=int, default=1, help="so many cases of each kind for an operation"
    )
    parser.addoption("--screenshots", type=Path, help="a folder for pictures of the staff's main pages")


def pytest_configure(config: pytest.Config) -> None:
    """Start what is not running, and give each parallel process Redis databases of its own."""
    services.ensure_unset()
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
    """Leave out long forms, which run in `make long` only."""
    left_out = [] if LONG else [item for item in items if item.get_closest_marker("long_form")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """What has been imported stays: the collector of garbage need not go through it again and again."""
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
    """A database that is kept from run to run follows the migrations by itself; any other is a copy."""
    if django_db_createdb or not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = make_template_database()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database is one of the tests' own, and is dropped without limit of time: the drop writes out all
    that the server still holds."""
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.fail("of the tests chosen none is marked with django_db, so they would use the real database")
    with django_db_blocker.unblock():
        _made_for_these_settings()
        empty = emptying.instead_of(TransactionTestCase._fixture_teardown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
    connection.settings_dict["OPTIONS"].pop("options")


def _made_for_these_settings() -> None:
    """A database that is used again is what the settings say, whatever a test that was killed made of it. Its
    identity is read here, so that no test counts that statement."""
    kind, provider = configured_identity()
    write_identity(kind=kind, provider=provider)
    stored_identity()


@pytest.fixture
def without_the_menu(settings: Settings) -> None:
    """For walks over many of the staff's pages: it is the same on each, has a test of its own, and takes most
    of the time of a page."""
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {}}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The cases of settlement under faults, with what became of each, and what could not run here."""
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
