"""Each invariant notices when it, and only it, is broken."""

from collections.abc import Sequence

import pytest

from audit.books import services as books
from audit.books.invariant_registry import all_invariants
from tests.db.breaks import BREAKS, unguard
from tests.support.database.shared import savepoint
from tests.support.long_forms import share, spread

NAMES = [invariant.name for invariant in all_invariants()]


@pytest.fixture(scope="module")
def told(told, django_db_blocker):
    """The history in a database that refuses nothing."""
    with django_db_blocker.unblock(), savepoint():
        unguard()
        yield told


def violated(only: Sequence[str] = ()) -> set[str]:
    return {result.name for result in books.check_books(only) if not result.passed}


def test_every_invariant_has_a_case_that_breaks_it():
    assert {name for name, _ in BREAKS} == set(NAMES)


@pytest.mark.shortened
@pytest.mark.parametrize(
    "name, break_it",
    spread(BREAKS, of="breaks", one_in=10),
    ids=[f"{name}-{case.__name__}" for name, case in BREAKS],
)
def test_a_break_is_noticed_by_its_own_invariant_alone(history, name, break_it):
    break_it(history)
    assert violated([name, *share(NAMES, of=break_it.__name__, one_in=6)]) == {name}
