"""The play of quests and the races on them find nothing wrong with the product, and each bug put into it."""

import pytest

from reputation.models import Quest
from tests.mutants.test_mutants import Case
from tests.support.mutants import quests as of_quests
from tests.support.mutants.mutations import no_row_lock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]

DIFFERS = ["the play differs"]
CASES = {
    "no unique key where the date is missing": Case(
        of_quests.distinct_nulls, of_quests.two_workers_report_a_fact, ["2 rewards"]
    ),
    "no row lock on the budget": Case(
        no_row_lock(Quest),
        of_quests.two_claims_of_the_last_place_meet,
        ["2 rewards", "quest_places_are_counted", "quest_sums_follow_its_events"],
    ),
    "lease ignored": Case(of_quests.lease_ignored, of_quests.a_play_differs, DIFFERS),
    "points added in Python": Case(
        of_quests.points_added_in_python,
        of_quests.two_rewards_of_points_meet,
        [
            "a balance of 20",
            "points_balances_are_the_sums_of_their_entries",
            "points_entries_follow_each_other",
        ],
    ),
    "dates of UTC": Case(of_quests.dates_of_utc, of_quests.a_play_differs, DIFFERS),
}
DETECTORS = {case.detector.__name__: case.detector for case in CASES.values()}


@pytest.mark.parametrize("name", DETECTORS)
def test_the_product_passes(name):
    assert DETECTORS[name]() == []


@pytest.mark.parametrize("name", CASES)
def test_the_bug_is_found(name):
    case = CASES[name]

    with case.mutation() as effects:
        findings = case.detector()

    assert findings == case.findings
    assert all(effect.reached for effect in effects), "nobody came by the bug"
