"""A worker whom the system lends to, a receiver of webhooks, and a look at the books."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from gigstream.core.clock import database_now
from gigstream.network import outbound
from platforms.events.services import deliveries
from tests.support.books import violated
from tests.support.factories import trusted_worker
from tests.support.servers.webhooks import Receiver
from workers.models import Worker


@pytest.fixture(scope="module")
def trusted_pk(module_transaction: None) -> UUID:
    """The key of a worker with ten tasks of 40 USDC, made once. A module that uses it does so in all of its
    tests, so that none depends on the others."""
    return trusted_worker(now=database_now(), pay="40").pk


@pytest.fixture
def trusted(trusted_pk: UUID, db: None) -> Worker:
    return Worker.objects.get(pk=trusted_pk)


@pytest.fixture
def books_balance_after_each() -> Iterator[None]:
    """Require that every invariant holds after the test."""
    yield
    assert violated() == {}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def quick_deliveries(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let webhooks be on this machine, give them five seconds, and try again on time to the second."""
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 5)
    monkeypatch.setattr(deliveries, "JITTER_PERCENT", 0)
