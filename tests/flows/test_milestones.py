"""Milestones of creators: reached once, by the change that crosses a rule, and kept."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from gigstream.core.ids import new_id
from payments import services as payments
from payments.models import ChainOperation
from payments.oracle.services.providers import Oracle, configured_oracle
from platforms import services as platforms
from platforms.models import PlatformEvent
from reputation.milestones import services
from reputation.milestones.enums import MilestoneAction
from reputation.milestones.errors import (
    CreatorHasNoToken,
    InvalidMilestoneRule,
    InvalidTokenValue,
    MilestoneNotRefused,
    MilestoneRuleExists,
    MilestoneRuleNotFound,
    MilestoneRuleRetired,
)
from reputation.milestones.selectors import actions_of, progress_of
from reputation.models import CreatorMilestone, CreatorTotal, MilestoneRule, TokenValue
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import (
    condition,
    follow,
    reached,
    rule,
    unfollow,
    value,
    with_token,
)
from tests.support.creators.usage import accepted, event, have_months, report, void
from tests.support.factories import NOW, PlatformFactory
from tests.support.oracle.creators import on_chain
from workers import services as workers

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def platform():
    have_months()
    return PlatformFactory.create(now=NOW - 60 * DAY)


@pytest.fixture
def song(platform):
    return work(creator(platform, now=NOW - 60 * DAY), now=NOW - 60 * DAY)


def _play(song, times=1, *, at=NOW, now=NOW):
    return accepted(song.platform, *(event(song, at=at) for _ in range(times)), now=now)


def _tip(song, amount, *, at=NOW, now=NOW):
    return accepted(song.platform, event(song, "tip", at=at, amount=amount), now=now)


# --- Reached ------------------------------------------------------------------------------------------------
def test_a_rule_is_reached_by_the_play_that_crosses_it(platform, song):
    heard = rule(platform, ("plays", "all_time", 5))
    _play(song, 4)
    assert reached(song.creator) == []

    _play(song, 3)

    (made,) = reached(song.creator, heard)
    assert (made.description, made.action, made.status) == ("Heard by many", "eligible", "done")
    assert (made.reached_at, made.month, made.note) == (NOW, date(2026, 3, 1), "")
    assert made.current_value["plays"] == {"all_time": "7", "30_days": "7", "month": "7"}
    assert made.current_value["revenue"]["all_time"] == "0.000000"
    assert set(made.current_value) == {
        "plays",
        "followers",
        "likes",
        "comments",
        "shares",
        "purchases",
        "revenue",
    }
    assert actions_of(song.creator) == {MilestoneAction.ELIGIBLE}
    assert violated() == {}


def test_all_conditions_hold_whichever_is_crossed_last(platform, song):
    both = rule(platform, ("plays", "all_time", 3), ("followers", "all_time", 2))
    _play(song, 3)
    follow(song.creator, "ann")
    assert reached(song.creator) == []

    follow(song.creator, "bob")

    (made,) = reached(song.creator, both)
    assert made.current_value["followers"] == {"all_time": "2", "30_days": "2", "month": "2"}
    other = work(creator(platform))
    for fan in ("ann", "bob"):
        follow(other.creator, fan)
    assert reached(other.creator) == []
    _play(other, 3)
    assert len(reached(other.creator, both)) == 1


def test_a_milestone_is_reached_once_for_each_version(platform, song):
    first = rule(platform, ("plays", "all_time", 2))
    refs = _play(song, 2)
    void(platform, refs[0])
    _play(song)
    assert len(reached(song.creator)) == 1

    second = services.change_milestone_rule(
        rule_id=first.pk, description="Heard by more", conditions=[condition("plays", "all_time", 4)], now=NOW
    )
    _play(song, 2)
    _play(song, 5)

    assert (second.version, second.name, second.action) == (2, first.name, "eligible")
    assert [one.rule_id for one in reached(song.creator)] == [first.pk, second.pk]
    assert violated() == {}


def test_who_is_beyond_a_rule_that_is_made_does_not_cross_it(platform, song):
    _play(song, 5)
    rule(platform, ("plays", "all_time", 3))

    _play(song, 5)

    assert reached(song.creator) == []


def test_a_retired_rule_is_not_reached(platform, song):
    made = rule(platform, ("plays", "all_time", 1))
    services.retire_milestone_rule(rule_id=made.pk, now=NOW)

    _play(song)

    assert reached(song.creator) == []


def test_rules_are_for_the_creators_of_a_platform_or_of_all(platform, song):
    other = work(creator(PlatformFactory.create()))
    own = rule(platform, ("plays", "all_time", 1))
    of_all = rule(None, ("plays", "all_time", 1))

    _play(song)
    _play(other)

    assert {one.rule_id for one in reached(song.creator)} == {own.pk, of_all.pk}
    assert {one.rule_id for one in reached(other.creator)} == {of_all.pk}


def test_a_closed_creator_reaches_nothing(platform, song):
    rule(platform, ("plays", "all_time", 1))
    platforms.close_creator(creator_id=song.creator_id, now=NOW)

    report(platform, event(song, at=NOW - HOUR))

    assert reached(song.creator) == []


def test_each_metric_is_counted(platform, song):
    rules = {
        metric: rule(platform, (metric, "all_time", 2), name=f"two_{metric}")
        for metric in ("likes", "comments", "shares", "purchases")
    }
    revenue = rule(platform, ("revenue", "all_time", "5.5"))
    for fan in ("ann", "bob"):
        accepted(
            platform, *(event(song, kind, listener=fan) for kind in ("like", "comment", "share", "purchase"))
        )
    assert {one.rule_id for one in reached(song.creator)} == {one.pk for one in rules.values()}

    _tip(song, "0.5")

    (made,) = reached(song.creator, revenue)
    assert made.current_value["revenue"]["all_time"] == "5.500000"


# --- Windows ------------------------------------------------------------------------------------------------
def test_thirty_days_end_today(platform, song):
    recent = rule(platform, ("plays", "30_days", 3))
    _play(song, 2, at=NOW - 30 * DAY)
    _play(song, 2, at=NOW - 29 * DAY)
    assert reached(song.creator) == []

    _play(song)

    (made,) = reached(song.creator, recent)
    assert made.current_value["plays"] == {"all_time": "5", "30_days": "3", "month": "1"}


def test_a_month_is_reached_by_what_is_reported_late(platform, song):
    monthly = rule(platform, ("plays", "month", 3))
    february = NOW.replace(month=2, day=27)
    _play(song, 2, at=february)
    _play(song, 2)
    assert reached(song.creator) == []

    _play(song, at=february)

    (made,) = reached(song.creator, monthly)
    assert (made.month, made.current_value["plays"]["month"]) == (date(2026, 2, 1), "3")


def test_a_tenth_of_the_tokens_value_is_revenue_of_the_month(platform, song):
    sharing = rule(platform, ("revenue", "month", 100), action="revenue_sharing")
    of = with_token(song.creator)
    _tip(song, "40")
    value(of, "500", at=NOW)
    assert reached(of) == []

    value(of, "0.25", currency="ETH", rate="2400.000004", at=NOW + HOUR)

    (made,) = reached(of, sharing)
    assert made.current_value["revenue"] == {
        "all_time": "40.000000",
        "30_days": "40.000000",
        "month": "100.000000",
    }
    assert TokenValue.objects.latest("id").market_value == Decimal("600.000001")
    assert actions_of(of) == {MilestoneAction.REVENUE_SHARING}


def test_a_tip_crosses_with_the_value_of_the_token(platform, song):
    sharing = rule(platform, ("revenue", "month", 100), action="revenue_sharing")
    value(with_token(song.creator), "990", at=NOW)

    _tip(song, "1")

    assert len(reached(song.creator, sharing)) == 1


def test_a_value_counts_from_its_time_on(platform, song):
    sharing = rule(platform, ("revenue", "month", 100))
    value(with_token(song.creator), "2000", at=NOW.replace(month=2, day=20))
    (made,) = reached(song.creator, sharing)
    assert made.month == date(2026, 2, 1)
    january = rule(platform, ("revenue", "month", 100), ("plays", "month", 1))

    _play(song, at=NOW.replace(month=1, day=30))

    assert reached(song.creator, january) == []


def test_a_value_needs_a_token_and_goes_on_in_time(platform, song):
    with pytest.raises(CreatorHasNoToken):
        value(song.creator, "1")
    of = with_token(song.creator)
    value(of, "1", at=NOW)
    for at in (NOW, NOW - HOUR):
        with pytest.raises(InvalidTokenValue):
            value(of, "1", as_of=at)
    with pytest.raises(InvalidTokenValue):
        value(of, "1", as_of=NOW + HOUR)
    with pytest.raises(InvalidTokenValue):
        value(of, "1", currency="eth", at=NOW + HOUR)
    with pytest.raises(InvalidTokenValue):
        value(of, "99999999999999", rate="2", at=NOW + HOUR)
    assert TokenValue.objects.count() == 1


# --- Taken back ---------------------------------------------------------------------------------------------
def test_a_void_leaves_a_note_and_the_milestone(platform, song):
    made = rule(platform, ("plays", "all_time", 3))
    refs = _play(song, 3)

    void(platform, *refs[:2], now=NOW + HOUR)

    (found,) = reached(song.creator, made)
    assert (found.note, found.noted_at) == ("plays in all fell to 1, below 3", NOW + HOUR)
    assert found.current_value["plays"]["all_time"] == "3"
    assert AuditLog.objects.get(action="milestone.note").changes_after == {"note": found.note}
    _play(song, 5)
    assert len(reached(song.creator)) == 1
    assert violated() == {}


def test_a_void_that_stays_above_leaves_no_note(platform, song):
    rule(platform, ("plays", "all_time", 3))
    refs = _play(song, 5)

    void(platform, refs[0])

    assert reached(song.creator)[0].note == ""


def test_a_month_is_noted_only_where_it_was_reached(platform, song):
    rule(platform, ("plays", "month", 2))
    first = _play(song, 2, at=NOW - 5 * DAY, now=NOW - 5 * DAY)
    later = _play(song, 2)

    void(platform, *later)
    assert reached(song.creator)[0].note == ""
    void(platform, first[0])

    assert reached(song.creator)[0].note == "plays in a month fell to 1, below 2"


def test_followers_who_leave_leave_no_note(platform, song):
    rule(platform, ("followers", "all_time", 1))
    follow(song.creator, "ann")

    unfollow(song.creator, "ann", now=NOW + HOUR)

    assert reached(song.creator)[0].note == ""
    assert CreatorTotal.objects.get().followers == 0
    follow(song.creator, "ann", now=NOW + 2 * HOUR)
    assert len(reached(song.creator)) == 1
    assert violated() == {}


def test_a_worker_who_leaves_takes_the_name_and_no_milestone(platform, song):
    made = rule(platform, ("plays", "all_time", 1))
    _play(song)

    workers.delete_worker(worker_id=song.creator.worker_id)

    (found,) = reached(song.creator, made)
    found.creator.refresh_from_db()
    assert (found.creator.display_name, found.creator.status) == ("", "closed")
    assert found.current_value["plays"]["all_time"] == "1"
    with pytest.raises(ProtectedError):
        found.creator.delete()
    with pytest.raises(ProtectedError):
        made.delete()
    assert violated() == {}


def test_an_erased_listener_stays_counted_but_for_the_follow(platform, song):
    rule(platform, ("plays", "all_time", 1), ("followers", "all_time", 1))
    follow(song.creator, "ann")
    _play(song)

    platforms.erase_listener(platform_id=platform.pk, listener="ann", now=NOW + HOUR)

    totals = CreatorTotal.objects.get()
    assert (totals.plays, totals.followers) == (1, 0)
    assert len(reached(song.creator)) == 1
    assert violated() == {}


def test_days_that_are_written_anew_leave_the_totals(platform, song):
    _play(song, 3)
    CreatorTotal.unguarded.update(plays=7)

    platforms.rebuild_days(
        platform_id=platform.pk, first=NOW.date(), last=NOW.date(), reason="a test", now=NOW
    )

    assert CreatorTotal.objects.get().plays == 3


# --- Tokens -------------------------------------------------------------------------------------------------
def test_a_token_is_requested_once(platform):
    of = on_chain(platform, now=NOW)
    rule(platform, ("plays", "all_time", 1), action="create_token")
    _play(work(of))
    (made,) = reached(of)
    assert (made.status, made.trouble, made.operation) == ("waiting", "", None)

    assert services.act_on_milestones(now=NOW) == 1

    (made,) = reached(of)
    assert (made.status, made.trouble) == ("done", "")
    assert made.operation == ChainOperation.objects.get()
    assert made.operation.details == {"name": "The Band", "symbol": "THEBAND"}
    assert services.act_on_milestones(now=NOW + DAY) == 0
    assert ChainOperation.objects.count() == 1
    assert violated() == {}


def test_a_token_waits_for_an_address_and_says_so(platform, song):
    rule(platform, ("plays", "all_time", 1), action="create_token")
    _play(song)
    services.act_on_milestones(now=NOW)
    (made,) = reached(song.creator)
    assert (made.status, made.trouble) == ("waiting", "no_address")
    assert (made.next_attempt_at, ChainOperation.objects.count()) == (NOW + HOUR, 0)
    platforms.change_creator(
        creator_id=song.creator_id, changes={"metrics_address": "0x" + "5a" * 20}, now=NOW
    )
    platforms.verify_creator(creator_id=song.creator_id, now=NOW)
    assert services.act_on_milestones(now=NOW + HOUR / 2) == 0

    services.act_on_milestones(now=NOW + HOUR)

    assert reached(song.creator)[0].status == "done"


def test_a_token_waits_while_nothing_is_written_to_the_chain(platform):
    of = on_chain(platform, now=NOW)
    rule(platform, ("plays", "all_time", 1), action="create_token")
    _play(work(of))

    services.act_on_milestones(now=NOW, oracle=Oracle(configured_oracle().provider, "", None))

    (made,) = reached(of)
    assert (made.status, made.trouble, made.next_attempt_at) == ("waiting", "oracle_off", NOW + HOUR)


def test_a_token_that_is_there_is_not_made_again(platform):
    of = on_chain(platform, now=NOW)
    payments.create_creator_token(creator_id=of.pk, name="Theirs", symbol="OWN", now=NOW)
    rule(platform, ("plays", "all_time", 1), action="create_token")
    _play(work(of))

    services.act_on_milestones(now=NOW)

    (made,) = reached(of)
    assert (made.status, made.trouble, made.operation) == ("refused", "has_token", None)
    assert ChainOperation.objects.count() == 1


def test_a_creator_who_closes_gets_no_token(platform, song):
    rule(platform, ("plays", "all_time", 1), action="create_token")
    _play(song)
    platforms.close_creator(creator_id=song.creator_id, now=NOW)

    services.act_on_milestones(now=NOW)

    (made,) = reached(song.creator)
    assert (made.status, made.trouble) == ("refused", "creator_closed")
    services.try_action_again(milestone_id=made.pk, now=NOW)
    assert reached(song.creator)[0].status == "waiting"
    with pytest.raises(MilestoneNotRefused):
        services.try_action_again(milestone_id=made.pk, now=NOW)


# --- Rules --------------------------------------------------------------------------------------------------
def test_a_name_stands_for_one_rule_in_force(platform):
    made = rule(platform, ("plays", "all_time", 1), name="heard")
    with pytest.raises(MilestoneRuleExists):
        rule(platform, ("plays", "all_time", 2), name="heard")
    services.retire_milestone_rule(rule_id=made.pk, now=NOW)
    with pytest.raises(MilestoneRuleRetired):
        services.retire_milestone_rule(rule_id=made.pk, now=NOW)

    again = rule(platform, ("plays", "all_time", 2), name="heard")

    assert again.version == 2
    assert rule(PlatformFactory.create(), ("plays", "all_time", 1), name="heard").version == 1


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        [("plays", "all_time", 1), ("plays", "all_time", 2)],
        [("plays", "all_time", 0)],
        [("followers", "month", "1.5")],
        [("plays", "all_time", "100000000000000")],
        [(metric, "month", 1) for metric in ("plays", "likes", "shares", "comments", "revenue", "purchases")],
    ],
)
def test_conditions_that_no_rule_can_have(platform, conditions):
    with pytest.raises(InvalidMilestoneRule):
        rule(platform, *conditions)
    assert not MilestoneRule.objects.exists()


@pytest.mark.parametrize("name", ["Heard", "1st", "h", "a" * 61, "heard by"])
def test_names_that_no_rule_can_have(platform, name):
    with pytest.raises(InvalidMilestoneRule):
        rule(platform, ("plays", "all_time", 1), name=name)


def test_a_platform_changes_its_own_rules_alone(platform):
    of_all = rule(None, ("plays", "all_time", 1))
    for own in (PlatformFactory.create().pk, new_id()):
        with pytest.raises(MilestoneRuleNotFound):
            services.retire_milestone_rule(rule_id=of_all.pk, platform_id=own, now=NOW)
    assert MilestoneRule.objects.get().retired_at is None


def test_a_description_has_an_end(platform):
    with pytest.raises(InvalidMilestoneRule):
        rule(platform, ("plays", "all_time", 1), description="a" * 301)


# --- Heard of -----------------------------------------------------------------------------------------------
def test_the_platform_hears_of_it_and_the_log_has_it(platform, song):
    made = rule(platform, ("plays", "all_time", 1), action="create_token")

    _play(song)

    event_ = PlatformEvent.objects.get(type="milestone.reached")
    milestone = CreatorMilestone.objects.get()
    assert event_.platform_id == platform.pk
    assert event_.payload["id"] == str(milestone.pk)
    assert event_.payload["rule"] == made.name
    assert event_.payload["current_value"]["plays"]["all_time"] == "1"
    assert event_.payload["status"] == "waiting"
    line = AuditLog.objects.get(action="milestone.reach")
    assert line.changes_after == {
        "creator": str(song.creator_id),
        "rule": made.name,
        "version": 1,
        "action": "create_token",
    }


def test_progress_shows_each_condition_with_its_value(platform, song):
    made = rule(platform, ("plays", "all_time", 50_000), ("followers", "all_time", 5))
    rule(PlatformFactory.create(), ("plays", "all_time", 1))
    _play(song, 3)
    follow(song.creator, "ann")

    (found,) = progress_of([song.creator], now=NOW)

    assert (found.rule, found.reached_at) == (made, None)
    assert {(one.metric, one.threshold): reached_ for one, reached_ in found.conditions} == {
        ("plays", 50_000): 3,
        ("followers", 5): 1,
    }


# --- Statements ---------------------------------------------------------------------------------------------
def _statements(platform, songs):
    events = [event(one, listener=f"fan-{number}") for number, one in enumerate(songs)]
    with CaptureQueriesContext(connection) as caught:
        accepted(platform, *events)
    return [query["sql"] for query in caught.captured_queries]


def test_a_batch_takes_one_statement_for_any_number_of_creators(platform):
    rule(platform, ("plays", "all_time", 50_000), ("followers", "all_time", 5_000), action="create_token")
    rule(platform, ("followers", "all_time", 5_000))
    rule(platform, ("revenue", "month", 100), action="revenue_sharing")
    songs = [work(creator(platform)) for _ in range(12)]
    _statements(platform, songs)

    few, many = _statements(platform, songs[:1]), _statements(platform, songs)

    assert len(few) == len(many)
    own = [one for one in many if "creator_totals" in one or "milestone" in one]
    assert len(own) == 1


def test_reaching_takes_as_many_statements_for_any_number_of_creators(platform):
    songs = [work(creator(platform)) for _ in range(12)]
    accepted(platform, *(event(songs[0], listener=f"fan-{number}") for number in range(12)))
    rule(platform, ("plays", "all_time", 1))

    few, many = _statements(platform, songs[1:2]), _statements(platform, songs[2:])

    assert CreatorMilestone.objects.count() == 11
    assert len(few) == len(many)
