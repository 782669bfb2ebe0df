"""Changes at once: a milestone is reached once, by the change that crosses its rule."""

from datetime import date
from functools import partial

import pytest

from platforms.models import UsageCorrection
from reputation.milestones import services
from reputation.models import CreatorMilestone, CreatorTotal, MilestoneRule
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import condition, follow, rule, value, with_token
from tests.support.creators.usage import accepted, event, have_months, report, void
from tests.support.factories import NOW, PlatformFactory
from tests.support.long_forms import spread
from tests.support.oracle.creators import on_chain

pytestmark = pytest.mark.django_db(transaction=True)
TWENTY = 20
EARLIER = date(2026, 2, 1)


@pytest.fixture
def platform():
    have_months()
    return PlatformFactory.create(now=NOW)


def _plays(song, number, count=1):
    # On days of their own, so that only the totals are shared.
    at = NOW.replace(day=1 + number % 2)
    return partial(
        report, song.platform, *(event(song, at=at, listener=f"fan-{number}") for _ in range(count))
    )


def test_two_batches_that_cross_together_reach_it_once(at_once, books_balance, platform):
    song = work(creator(platform), published_on=EARLIER)
    rule(platform, ("plays", "all_time", 10))
    accepted(platform, *(event(song) for _ in range(8)))

    results, refusals = at_once(_plays(song, 1, 2), _plays(song, 2, 2))

    assert (len(results), refusals) == (2, [])
    made = CreatorMilestone.objects.get()
    assert made.current_value["plays"]["all_time"] == "10"
    assert CreatorTotal.objects.get().plays == 12
    books_balance()


@pytest.mark.parametrize("window", spread(["all_time", "30_days", "month"], of="windows", one_in=3))
def test_of_twenty_plays_one_reaches_it(at_once, books_balance, platform, window):
    song = work(creator(platform), published_on=EARLIER)
    rule(platform, ("plays", window, 13))

    _, refusals = at_once(*[_plays(song, 2 * number) for number in range(TWENTY)])

    assert refusals == []
    made = CreatorMilestone.objects.get()
    assert made.current_value["plays"][window] == "13"
    books_balance()


def test_plays_and_followers_that_meet_reach_it_once(at_once, books_balance, platform):
    song = work(creator(platform), published_on=EARLIER)
    rule(platform, ("plays", "all_time", 10), ("followers", "all_time", 10))
    follows = [partial(follow, song.creator, f"fan-{number}") for number in range(10)]

    _, refusals = at_once(*follows, *[_plays(song, number) for number in range(10)])

    assert refusals == []
    made = CreatorMilestone.objects.get()
    assert (made.current_value["plays"]["all_time"], made.current_value["followers"]["all_time"]) == (
        "10",
        "10",
    )
    books_balance()


def test_creators_in_opposite_orders_wait_for_each_other(at_once, books_balance, platform):
    songs = [work(creator(platform)) for _ in range(6)]
    rule(platform, ("plays", "all_time", 10))
    batches = [
        partial(report, platform, *(event(one, listener=f"fan-{turn}") for one in songs[:: turn % 2 * 2 - 1]))
        for turn in range(TWENTY)
    ]

    _, refusals = at_once(*batches)

    assert refusals == []
    assert CreatorMilestone.objects.count() == 6
    books_balance()


def test_values_corrections_and_plays_meet(at_once, books_balance, platform):
    song = work(with_token(creator(platform)))
    rule(platform, ("revenue", "month", 5))
    refs = accepted(platform, *(event(song, "tip", amount="1") for _ in range(4)))

    at_once(
        partial(value, song.creator, "20"),
        partial(void, platform, refs[0]),
        partial(void, platform, refs[1]),
        *[partial(report, platform, event(song, "tip", amount="1")) for _ in range(8)],
        *[partial(follow, song.creator, f"fan-{number}") for number in range(5)],
    )

    assert UsageCorrection.objects.count() == 2
    assert CreatorMilestone.objects.count() == 1
    books_balance()


def test_a_token_is_requested_once_by_twenty_runs(at_once, books_balance, platform):
    song = work(on_chain(platform))
    rule(platform, ("plays", "all_time", 1), action="create_token")
    report(platform, event(song))

    _, refusals = at_once(*[partial(services.act_on_milestones, now=NOW)] * TWENTY)

    assert refusals == []
    assert CreatorMilestone.objects.get().operation is not None
    books_balance()


def test_a_rule_has_one_next_version(at_once, books_balance, platform):
    made = rule(platform, ("plays", "all_time", 1))
    change = partial(
        services.change_milestone_rule,
        rule_id=made.pk,
        description="Heard by more",
        conditions=[condition("plays", "all_time", 2)],
        now=NOW,
    )

    results, refusals = at_once(*[change] * TWENTY)

    assert (len(results), {one.code for one in refusals}) == (1, {"milestone_rule_retired"})
    assert MilestoneRule.objects.filter(retired_at=None).count() == 1
    books_balance()
