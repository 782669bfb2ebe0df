from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, models

from gigstream.core.errors import Refusal
from tests.support.books import violated
from tests.support.database.interleaving import all_behind, split

AtOnce = Callable[..., tuple[list[Any], list[Refusal]]]


@pytest.fixture
def at_once(transactional_db: None) -> AtOnce:
    """Run the calls in threads of their own, each with its own connection, all released at the same instant.

    With `behind`, all of them are seen waiting for that row's lock, or for each other, before it is let
    go. Return the results and the refusals; any other exception fails the test.
    """

    def run(*calls: Callable[[], Any], behind: models.Model | None = None) -> tuple[list[Any], list[Refusal]]:
        if behind is not None:
            return split([act.outcome() for act in all_behind(behind, *calls)])
        barrier = Barrier(len(calls))

        def one(call: Callable[[], Any]) -> Any:
            try:
                connection.ensure_connection()
                barrier.wait(timeout=10)
                return call()
            except Refusal as refusal:
                return refusal
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(calls)) as pool:
            return split([future.result(timeout=60) for future in [pool.submit(one, call) for call in calls]])

    return run


@pytest.fixture
def books_balance() -> Callable[[], None]:
    """Assert that every invariant holds."""

    def check() -> None:
        assert violated() == {}

    return check
