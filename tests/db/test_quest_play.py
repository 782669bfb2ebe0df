"""Quests in any order of acts on real PostgreSQL: after each act the database has what the model has."""

import pytest

from tests.support.books import violated
from tests.support.long_forms import count
from tests.support.rewards.play import play

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = count(short=120, long=5_000)
# Outcomes that a play must have met, or it has proved little.
MET = {
    "granted",
    "received",
    "held",
    "rejected",
    "settled",
    "refused fact_already_reported",
    "refused invalid_fact",
    "refused quest_cooldown",
    "refused quest_exhausted",
    "refused quest_limit_reached",
    "refused quest_not_open",
    "refused reservation_expired",
    "reserve",
    "reserve quest_already_reserved",
    "let go",
    "keep",
    "keep quest_event_not_held",
    "reverse",
    "reverse points_reversed_already",
    "paid out",
    "close",
    "fund insufficient_funds",
}


@pytest.mark.shortened
def test_quests_reward_as_the_model_does(settings):
    settings.QUEST_HOT_WAIT_MS = 1
    settings.QUEST_OUTFLOW_OF_AN_HOUR = settings.QUEST_OUTFLOW_OF_A_DAY = "1000000"

    done = play(seed=STEPS, steps=STEPS)

    assert done.keys() >= (MET if STEPS >= 5_000 else {"granted", "received", "reserve"}), done
    assert violated() == {}
