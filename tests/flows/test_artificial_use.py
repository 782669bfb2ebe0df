"""Artificial use: what rules find stays counted, is not paid for now, and a person or the time decides."""

from datetime import timedelta

import pytest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.models import Decision
from platforms import services as platforms
from platforms.models import CreatorDay, PlatformDay, UsageFinding, UsageMark
from platforms.usage import finality
from platforms.usage.enums import RuleKind
from platforms.usage.errors import FindingNotFound, FindingNotOpen, InvalidContest
from platforms.usage.selectors import left_out_by_work, thresholds_of
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, have_months, report, void
from tests.support.factories import NOW, WorkerFactory

pytestmark = pytest.mark.django_db
SETTLED = NOW + timedelta(days=1, hours=6)


@pytest.fixture
def song():
    have_months()
    made = work(creator())
    for kind in RuleKind:
        set_rule(made, kind, 0)
    return made


def set_rule(song, kind, threshold):
    with acting_as(ActorType.STAFF, "4"):
        platforms.set_usage_rule(
            platform_id=song.platform_id, kind=kind, threshold=threshold, reason="a trial", now=NOW
        )


def find(now=SETTLED):
    platforms.find_artificial_use(now=now)
    return list(UsageFinding.objects.order_by("pk").values_list("kind", "plays", "status"))


def plays(song, count, *, apart=timedelta(seconds=1), **more):
    return [event(song, at=NOW - timedelta(hours=11) + number * apart, **more) for number in range(count)]


def test_plays_of_a_listener_beyond_a_number_in_an_hour_are_left_out(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5), *plays(song, 3, listener="bob"))
    report(song.platform, event(song, at=NOW - timedelta(hours=9)))

    assert find() == [("listener_hour", 2, "held")]
    assert CreatorDay.objects.get().plays == 9
    left = left_out_by_work(song.creator, first=NOW.date(), last=NOW.date())
    assert left == [{"day": NOW.date(), "work_number": song.number, "status": "held", "plays": 2}]
    assert violated() == {}


def test_bursts_short_plays_and_strangers_are_found_each_under_the_first_rule(song):
    reading = work(song.creator, kind="post")
    for kind, threshold in ((RuleKind.BURST, 4), (RuleKind.SHORT_PLAY, 30), (RuleKind.NO_HISTORY, 10)):
        set_rule(song, kind, threshold)
    minute = timedelta(minutes=1)

    report(song.platform, *(event(song, at=NOW, listener=f"fan-{n}") for n in range(6)))
    report(song.platform, event(song, listener="bob", seconds=29), event(reading, listener="bob", seconds=0))
    report(song.platform, *plays(song, 12, apart=minute, listener="new"))

    found = {kind: count for kind, count, _ in find()}
    # The burst takes the seventh play of the minute as well, which is also short.
    assert found == {"burst": 3, "no_history": 2}
    assert UsageMark.objects.count() == 5


def test_a_listener_with_a_history_is_no_stranger(song):
    set_rule(song, RuleKind.NO_HISTORY, 2)
    report(song.platform, event(song, at=NOW - timedelta(hours=1)))
    later = NOW + timedelta(days=1)

    report(song.platform, *(event(song, at=later, seconds=n + 40) for n in range(5)), now=later)
    report(song.platform, *(event(song, at=later, listener="new") for n in range(5)), now=later)

    assert find(SETTLED + timedelta(days=1)) == [("no_history", 3, "held")]


def test_there_is_one_decision_for_each_creator_day_and_rule(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))

    find()
    find()
    find(SETTLED + timedelta(hours=1))

    decision = Decision.objects.get(rule="usage.artificial")
    assert decision.worker_id == song.creator.worker_id
    assert decision.inputs == {"day": "2026-03-02", "kind": "listener_hour", "threshold": 3, "plays": 2}
    assert "2 plays on 2026-03-02 are not paid for now" in decision.sentence


def test_plays_that_are_reported_late_are_a_finding_of_their_own(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))
    find()
    with acting_as(ActorType.STAFF, "4"):
        platforms.decide_finding(
            finding_id=UsageFinding.objects.get().pk, is_artificial=False, reason="a café", now=SETTLED
        )
    much_later = NOW + timedelta(days=20)

    report(song.platform, *plays(song, 4, apart=timedelta(minutes=1)), now=much_later)

    assert find(much_later) == [("listener_hour", 2, "dismissed"), ("listener_hour", 4, "held")]
    assert list(UsageFinding.objects.order_by("pk").values_list("number", flat=True)) == [1, 2]
    assert Decision.objects.filter(rule="usage.artificial").count() == 2
    assert violated() == {}


def test_a_day_that_was_added_after_all_is_looked_at(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    much_later = NOW + timedelta(days=100)

    platforms.backfill_usage(
        platform_id=song.platform_id, items=plays(song, 5), reason="an outage", now=much_later
    )

    assert find(much_later) == [("listener_hour", 2, "held")]


def test_plays_of_a_day_that_is_final_are_left_as_they_were_paid(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))
    finality.register(list)
    try:
        assert find() == []
    finally:
        finality.unregister(list)
    report(song.platform, event(song))

    assert find() == [("listener_hour", 2, "held")]


def test_a_day_that_has_not_changed_is_not_looked_at_again(song):
    report(song.platform, *plays(song, 5))
    find()

    set_rule(song, RuleKind.LISTENER_HOUR, 3)

    assert find() == []
    assert PlatformDay.objects.get().changes_judged == 1


def test_a_day_is_not_looked_at_before_it_has_settled(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))

    assert find(SETTLED - timedelta(hours=18, seconds=1)) == []
    assert len(find()) == 1


def test_a_creator_contests_and_a_person_decides(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))
    find()
    finding = UsageFinding.objects.get()
    worker_id = song.creator.worker_id

    with pytest.raises(FindingNotFound):
        platforms.contest_finding(worker_id=WorkerFactory().pk, finding_id=finding.pk, contest="no")
    with pytest.raises(InvalidContest):
        platforms.contest_finding(worker_id=worker_id, finding_id=finding.pk, contest=" ")
    platforms.contest_finding(
        worker_id=worker_id, finding_id=finding.pk, contest="a café plays it", now=SETTLED
    )
    with acting_as(ActorType.STAFF, "4"):
        platforms.decide_finding(
            finding_id=finding.pk, is_artificial=False, reason="a café indeed", now=SETTLED
        )
        with pytest.raises(FindingNotOpen):
            platforms.decide_finding(finding_id=finding.pk, is_artificial=True, reason="no", now=SETTLED)

    finding.refresh_from_db()
    assert (finding.status, finding.decided_by) == ("dismissed", "staff:4")
    decision = Decision.objects.get(rule="usage.artificial_decided")
    assert decision.inputs["contest"] == "a café plays it"
    assert (decision.outcome, decision.needs_person) == ("dismissed", True)
    with pytest.raises(FindingNotOpen):
        platforms.contest_finding(worker_id=worker_id, finding_id=finding.pk, contest="and so on")
    assert violated() == {}


def test_what_nobody_decides_within_thirty_days_is_paid(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    report(song.platform, *plays(song, 5))
    find()

    assert find(SETTLED + timedelta(days=30, seconds=-1)) == [("listener_hour", 2, "held")]
    assert find(SETTLED + timedelta(days=30)) == [("listener_hour", 2, "lapsed")]


def test_a_voided_play_is_left_out_no_longer(song):
    set_rule(song, RuleKind.LISTENER_HOUR, 3)
    refs = accepted(song.platform, *plays(song, 5))
    find()

    void(song.platform, refs[4])

    (left,) = left_out_by_work(song.creator, first=NOW.date(), last=NOW.date())
    assert left["plays"] == 1


def test_the_newest_threshold_holds_and_others_are_as_everywhere(song):
    set_rule(song, RuleKind.BURST, 7)
    set_rule(song, RuleKind.BURST, 8)

    assert thresholds_of(song.platform)[RuleKind.BURST] == 8
    assert thresholds_of(work().platform) == {
        RuleKind.LISTENER_HOUR: 20,
        RuleKind.BURST: 1000,
        RuleKind.SHORT_PLAY: 30,
        RuleKind.NO_HISTORY: 100,
    }
