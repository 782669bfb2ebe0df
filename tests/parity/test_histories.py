"""The derived columns of a random history are those that real triggers find from the same facts."""

from collections import defaultdict

import pytest

from reputation.models import ReputationEvent
from reputation.scores.enums import ReputationEventType
from tests.support.parity import oracle
from tests.support.parity.acts import ACTS
from tests.support.parity.figures import noticed
from tests.support.parity.story import BLOCKED_WALLET, Story, begin, go_on, make_up_for

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]

SEEDS = range(20260302, 20260308)
OPERATIONS, CHECKPOINTS, LOOKS = 840, 6, 4
SEVERAL = 3
# How many more looks chance is given to move a column that has had fewer values than SEVERAL.
PATIENCE = 60
# Columns that no loan moves; a loan may take longer than a history to be repaid or lost.
EVENTS = {*ReputationEventType} - {ReputationEventType.LOAN_REPAID, ReputationEventType.LOAN_DEFAULTED}


Seen = defaultdict[tuple[str, str], set[object]]


def look(seen: Seen) -> None:
    """Add the values that each derived column has now, over all rows."""
    for tables in oracle.DERIVED.values():
        for table, columns in tables.items():
            for row in oracle.read("public", table, columns).values():
                for column in columns:
                    seen[table, column].add(row[column])


def thin(seen: Seen) -> dict[tuple[str, str], set[object]]:
    """Return the columns that have hardly moved so far."""
    return {column: values for column, values in seen.items() if len(values) < SEVERAL}


def check(story: Story) -> None:
    """Both sides agree on all that has happened so far, and the books find no derived column wrong."""
    oracle.replay()
    assert oracle.differences() == [], f"seed {story.seed}, after {story.operations} operations"
    assert noticed() == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_triggers_find_what_the_application_wrote(seed, settings):
    settings.SANDBOX_BLOCKLIST = [BLOCKED_WALLET]
    story, seen = begin(seed), Seen(set)

    for _ in range(CHECKPOINTS):
        for _ in range(LOOKS):
            go_on(story, OPERATIONS // CHECKPOINTS // LOOKS)
            look(seen)
        check(story)
    make_up_for(story)
    for _ in range(PATIENCE):
        if not thin(seen):
            break
        go_on(story, 10)
        look(seen)
    check(story)

    assert story.operations >= OPERATIONS
    assert [name for name in ACTS if not story.done[name]] == []
    assert story.refused.total() > 0
    assert set(ReputationEvent.objects.values_list("event_type", flat=True)) >= EVENTS
    assert seen.keys() == {(table, column) for _, table, column in oracle.COLUMNS}
    assert thin(seen) == {}
