"""The demo in a database of its own, a real server on it, and a browser for everybody of the staff."""

from collections.abc import Callable, Iterator
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql

from loans.applications.services import request_loan
from tests.support.database.template import make_template_database
from tests.support.pages import chromium
from tests.support.pages.browsers import FOR_TWO, NEWCOMER, SECOND, Person, Staff, give_apps, hire
from tests.support.servers.processes import Web, run_web
from workers.models import Worker

PROGRAM = chromium.program()
if PROGRAM is None:
    collect_ignore_glob = ["test_*.py"]


def _say(statement: str, *names: str) -> None:
    """Run a statement of the server, from another database and without limit of time: a database that is
    copied or dropped has no connections, and the server writes out first all that it still holds."""
    values = connection.settings_dict
    with psycopg.connect(
        host=values["HOST"],
        port=values["PORT"] or None,
        user=values["USER"],
        password=values["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    ) as beside:
        beside.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="package")
def demo(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The demo and the writes of the tests, in a database of their own, which is dropped. It is a copy of the
    template, as servers of other tests may still be connected to the test database."""
    own = f"{connection.settings_dict['NAME']}_browser"
    # The server knows no hash but the usual.
    hashers = override_settings(PASSWORD_HASHERS=settings.PASSWORD_HASHERS[1:])
    with django_db_blocker.unblock(), hashers, pytest.MonkeyPatch.context() as patch:
        connection.close()
        template = make_template_database()
        _say("DROP DATABASE IF EXISTS {} WITH (FORCE)", own)
        _say("CREATE DATABASE {} TEMPLATE {}", own, template)
        patch.setitem(connection.settings_dict, "NAME", own)
        # A test may look into the database between long looks at pages.
        patch.setitem(connection.settings_dict["OPTIONS"], "options", "")
        # The tests run beside the loop in which playwright listens to the browser, and not in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        try:
            cache.clear()
            call_command("seed_demo", reset=True, stdout=StringIO())
            call_command("check_books", stdout=StringIO())
            henry = Worker.objects.get(full_name="Henry Taylor")
            request_loan(worker_id=henry.pk, amount=FOR_TWO, fee_bps=350)
            yield
        finally:
            connection.close()
            _say("DROP DATABASE {} WITH (FORCE)", own)


@pytest.fixture(scope="package")
def web(demo: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    log = tmp_path_factory.mktemp("browser") / "web.log"
    environment = {"DEBUG": "false", "STAFF_TWO_FACTOR": "required"}
    with run_web(log, environment=environment) as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def staff(web: Web, browser: Browser) -> Staff:
    """The demo's staff with an app that shows codes, a second person for decisions by two, and a new
    member without an app. Each signs in once, at the first need."""
    hire(SECOND, role="risk")
    keys = give_apps()
    hire(NEWCOMER, role="support")
    return Staff(browser, web.url, keys)


@pytest.fixture
def at_desk(staff: Staff) -> Iterator[Callable[..., Person]]:
    """Somebody who has signed in, by role or name, at a page of their own; no page is at fault."""
    seated: list[Person] = []

    def sit(who: str) -> Person:
        seated.append(staff.sit(who))
        return seated[-1]

    yield sit
    for person in seated:
        person.page.close()
    assert [fault for person in seated for fault in person.faults] == []
