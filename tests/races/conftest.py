from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from audit.invariants import all_invariants
from gigstream.lib.errors import Refusal


@pytest.fixture
def at_once(transactional_db: None) -> Callable[..., tuple[list[Any], list[Refusal]]]:
    """Run the calls in threads of their own, each with its own connection, all released at one instant.

    Returns the results and the refusals; anything else that is raised fails the test.
    """

    def run(*calls: Callable[[], Any]) -> tuple[list[Any], list[Refusal]]:
        barrier = Barrier(len(calls))

        def one(call: Callable[[], Any]) -> Any:
            try:
                barrier.wait(timeout=10)
                return call()
            except Refusal as refusal:
                return refusal
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=len(calls)) as pool:
            outcomes = [future.result(timeout=60) for future in [pool.submit(one, call) for call in calls]]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        return [outcome for outcome in outcomes if not isinstance(outcome, Refusal)], refusals

    return run


@pytest.fixture
def books_balance() -> Callable[[], None]:
    """Assert that every invariant holds."""

    def check() -> None:
        broken = {one.name: found for one in all_invariants() if (found := one.find())}
        assert broken == {}

    return check
