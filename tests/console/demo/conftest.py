"""The demo, seeded once for all tests of this folder that a process runs."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support.database.shared import shared_transaction
from tests.support.pages.seeded import THE_DEMO, Seeded, seeded_with


@pytest.fixture(scope="package")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Seeded]:
    with django_db_blocker.unblock(), shared_transaction(), seeded_with(THE_DEMO) as found:
        yield found


@pytest.fixture(scope="package", autouse=True)
def _demo_before_all(demo: Seeded) -> None:
    """No test here sees a database without it, whichever comes first."""
