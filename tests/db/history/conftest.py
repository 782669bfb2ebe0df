"""A rich history, made once for all tests of this folder that a process runs, each of which undoes what it
does to it."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.database.rich_history import BLOCKED_WALLET, History, rich_history
from tests.support.database.shared import savepoint, shared_transaction


@pytest.fixture(scope="package")
def told(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[History]:
    with django_db_blocker.unblock(), shared_transaction(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SANDBOX_BLOCKLIST", [BLOCKED_WALLET])
        yield rich_history()


@pytest.fixture
def history(told: History, django_db_blocker: DjangoDbBlocker) -> Iterator[History]:
    with django_db_blocker.unblock(), savepoint():
        yield told
