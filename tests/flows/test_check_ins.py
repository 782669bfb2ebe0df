"""Check-ins: made by sign-ins, claimed once on their date, rewarded by quests, and kept over time zones."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from audit.approvals import services as approvals
from audit.approvals.errors import SamePerson
from audit.models import AuditLog
from reputation.models import CheckIn, Outage, PointsBalance, QuestEvent, StreakPause, StreakZone
from reputation.quests.errors import InvalidQuest
from reputation.streaks import services as streaks
from reputation.streaks.enums import DateState
from reputation.streaks.errors import InvalidOutage, InvalidPause, TimeZoneChangedRecently
from reputation.streaks.selectors import read_history
from reputation.streaks.services import claim_check_in, declare_pause, request_outage
from tests.support.books import violated
from tests.support.decisions import suspend_worker
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent
from tests.support.pages.admin import member
from tests.support.rewards.check_ins import DAY, bonus_quest, claim_dates, claimed_dates, daily_quest
from workers import services as workers
from workers.models import Worker
from workers.profiles.errors import WorkerSuspended
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session, refresh_session

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def points_of(worker: Worker) -> int:
    return sum(PointsBalance.objects.filter(worker=worker).values_list("balance", flat=True))


# --- Sign-ins and claims ----------------------------------------------


def test_a_sign_in_and_a_refresh_make_the_check_in_of_their_date_unclaimed():
    worker = WorkerFactory(now=NOW)

    signed_in = open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW)
    again = refresh_session(token=signed_in.refresh_token, now=NOW + hours(1))
    refresh_session(token=again.refresh_token, now=NOW + DAY)

    rows = CheckIn.objects.order_by("local_date").values_list(
        "worker", "local_date", "created_at", "claimed_at"
    )
    assert list(rows) == [(worker.pk, TODAY, NOW, None), (worker.pk, TODAY + DAY, NOW + DAY, None)]
    assert list(StreakZone.objects.values_list("worker", "time_zone", "first_date")) == [
        (worker.pk, "UTC", TODAY)
    ]
    assert read_history(worker, at=NOW + DAY).days == 0
    assert violated() == {}


def test_a_claim_is_rewarded_by_the_daily_quest():
    quest, worker = daily_quest(), WorkerFactory(now=NOW)

    claim = claim_check_in(worker_id=worker.pk, now=NOW)

    (reward,) = claim.rewards
    assert (reward.quest_id, reward.state, reward.streak_days, reward.code) == (quest.pk, "granted", None, "")
    row = CheckIn.objects.get()
    assert (row.claimed_at, row.streak_started_on, row.streak_days) == (NOW, TODAY, 1)
    event = QuestEvent.objects.get()
    assert (event.external_id, event.event_date, event.event_type) == (str(worker.pk), TODAY, "check_in")
    assert event.evidence == {"check_in": row.pk, "streak_started_on": str(TODAY), "streak_days": 1}
    assert points_of(worker) == 10
    assert AuditLog.objects.get(action="check_in.claim").changes_after == {
        "date": str(TODAY),
        "streak_days": 1,
    }
    assert violated() == {}


def test_a_second_claim_of_the_date_answers_with_the_first():
    daily_quest(), bonus_quest(7)
    worker = WorkerFactory(now=NOW)
    first = claim_dates(worker, 7)

    again = claim_check_in(worker_id=worker.pk, now=NOW + 6 * DAY + hours(11))

    assert (first.replayed, again.replayed) == (False, True)
    assert again.rewards == first.rewards
    assert again.check_in.claimed_at == NOW + 6 * DAY
    assert (CheckIn.objects.count(), QuestEvent.objects.count(), points_of(worker)) == (7, 8, 70 + 50)
    assert violated() == {}


def test_a_date_is_claimed_on_itself_only():
    worker = WorkerFactory(now=NOW)
    open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW)

    claim_check_in(worker_id=worker.pk, now=NOW + DAY)

    assert claimed_dates(worker) == [TODAY + DAY]
    assert CheckIn.objects.get(local_date=TODAY).claimed_at is None


def test_a_claimed_check_in_never_changes():
    worker = WorkerFactory(now=NOW)
    row = claim_check_in(worker_id=worker.pk, now=NOW).check_in

    for changes in ({"streak_days": 30}, {"claimed_at": None}, {"local_date": TODAY - DAY}):
        with pytest.raises(DatabaseError), transaction.atomic():
            CheckIn.unguarded.filter(pk=row.pk).update(**changes)

    assert CheckIn.objects.get() == row


def test_a_suspended_worker_claims_nothing():
    worker = WorkerFactory(now=NOW)
    suspend_worker(worker_id=worker.pk)

    with pytest.raises(WorkerSuspended):
        claim_check_in(worker_id=worker.pk, now=NOW)

    assert CheckIn.objects.count() == 0


def test_a_quest_without_budget_refuses_its_reward_and_the_date_is_claimed():
    quest = daily_quest(limit_total=1)
    first, second = WorkerFactory(now=NOW), WorkerFactory(now=NOW)
    claim_check_in(worker_id=first.pk, now=NOW)

    (reward,) = claim_check_in(worker_id=second.pk, now=NOW).rewards

    assert (reward.quest_id, reward.state, reward.code) == (quest.pk, "refused", "quest_exhausted")
    assert reward.numbers == {"limit_total": "1", "places_taken": "1"}
    assert claimed_dates(second) == [TODAY]
    assert (points_of(first), points_of(second)) == (10, 0)
    assert violated() == {}


def test_a_platforms_quest_rewards_those_who_work_for_it():
    platform = PlatformFactory(funds="100")
    daily_quest(platform=platform)
    worker, stranger = WorkerFactory(now=NOW), WorkerFactory(now=NOW)
    consent(platform, worker)

    assert [reward.state for reward in claim_check_in(worker_id=worker.pk, now=NOW).rewards] == ["granted"]
    assert claim_check_in(worker_id=stranger.pk, now=NOW).rewards == []
    assert PointsBalance.objects.get().platform == platform


# --- Bonuses ----------------------------------------------


def test_bonuses_are_events_of_their_streak():
    bonus_quest(7, 14, 30)
    worker = WorkerFactory(now=NOW)

    claim = claim_dates(worker, 60)

    assert list(QuestEvent.objects.order_by("id").values_list("external_id", "event_date")) == [
        (f"{worker.pk}:{TODAY}:{days}", None) for days in (7, 14, 30, 60)
    ]
    assert [(reward.streak_days, reward.state) for reward in claim.rewards] == [(60, "granted")]
    assert points_of(worker) == 4 * 50
    assert violated() == {}


def test_a_new_streak_has_its_bonuses_again():
    bonus_quest(7)
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 7)

    claim_dates(worker, 7, first=NOW + 20 * DAY)

    assert list(QuestEvent.objects.order_by("id").values_list("external_id", flat=True)) == [
        f"{worker.pk}:{TODAY}:7",
        f"{worker.pk}:{TODAY + 20 * DAY}:7",
    ]
    assert points_of(worker) == 100


def test_quests_reward_the_lengths_that_they_name():
    week, month = bonus_quest(7), bonus_quest(30, reward_amount="500")
    worker = WorkerFactory(now=NOW)

    claim_dates(worker, 60)

    assert sorted(QuestEvent.objects.values_list("quest", "amount")) == sorted(
        [(week.pk, 50), (month.pk, 500), (month.pk, 500)]
    )


@pytest.mark.parametrize("bonuses", [None, 7, "7", {"7": 50}, [[7], {"7": 7}, "7", 7.0, True]])
def test_bonuses_in_another_form_are_none(bonuses):
    bonus_quest(metadata={"bonuses": bonuses})
    worker = WorkerFactory(now=NOW)

    assert claim_dates(worker, 7).rewards == []
    assert len(claimed_dates(worker)) == 7


def test_a_quest_that_rewards_check_ins_is_claimed_by_check_ins_alone():
    with pytest.raises(InvalidQuest, match="a check-in is claimed in the calendar"):
        daily_quest(is_claimable=True)


# --- Freezes, pauses and outages ----------------------------------------------


def test_a_missed_date_is_frozen_and_the_calendar_says_so():
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 7)

    claim_check_in(worker_id=worker.pk, now=NOW + 8 * DAY)

    history = read_history(worker, at=NOW + 10 * DAY)
    states = dict(history.states_of(TODAY.replace(day=1)))
    assert [states[TODAY + number * DAY] for number in range(6, 12)] == [
        *(DateState.CLAIMED, DateState.FROZEN, DateState.CLAIMED),
        *(DateState.MISSED, DateState.OPEN, DateState.AHEAD),
    ]
    assert (history.streak.days, history.streak.freezes, history.days) == (8, 0, 0)
    assert len(states) == 31


def test_a_streak_lives_while_the_next_claim_would_go_on_with_it():
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 3)

    assert [read_history(worker, at=NOW + number * DAY).days for number in (2, 3, 4)] == [3, 3, 0]
    claim_dates(worker, 4, first=NOW + 3 * DAY)
    assert [read_history(worker, at=NOW + number * DAY).days for number in (6, 7, 8, 9)] == [7, 7, 7, 0]


def test_a_pause_declared_ahead_keeps_the_streak():
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 2)

    pause = declare_pause(
        worker_id=worker.pk, starts_on=TODAY + 2 * DAY, ends_on=TODAY + 15 * DAY, now=NOW + DAY
    )

    assert (pause.starts_on, pause.ends_on) == (date(2026, 3, 4), date(2026, 3, 17))
    assert claim_dates(worker, 1, first=NOW + 16 * DAY).history.days == 3
    assert AuditLog.objects.get(action="streak.pause").changes_after == {
        "starts_on": "2026-03-04",
        "ends_on": "2026-03-17",
    }
    assert violated() == {}


@pytest.mark.parametrize(
    "starts, ends, words",
    [
        (0, 3, r"declared ahead, at most 365 days: it is 2026-03-02, the pause would begin on 2026-03-02"),
        (366, 366, r"a pause is declared ahead, at most 365 days"),
        (-3, 3, r"a pause is declared ahead"),
        (1, 15, r"a pause lasts 1 to 14 days, not 15"),
        (2, 1, r"a pause lasts 1 to 14 days, not 0"),
        (19, 19, r"between two pauses lies a date at least: another is from 2026-03-22 to 2026-03-24"),
        (23, 24, r"between two pauses lies a date at least"),
        (21, 21, r"between two pauses lies a date at least"),
    ],
)
def test_a_pause_that_may_not_be_is_refused_with_its_numbers(starts, ends, words):
    worker = WorkerFactory(now=NOW)
    declare_pause(worker_id=worker.pk, starts_on=TODAY + 20 * DAY, ends_on=TODAY + 22 * DAY, now=NOW)

    with pytest.raises(InvalidPause, match=words):
        declare_pause(
            worker_id=worker.pk, starts_on=TODAY + starts * DAY, ends_on=TODAY + ends * DAY, now=NOW
        )

    assert StreakPause.objects.count() == 1


def test_the_same_pause_declared_again_is_the_first():
    worker = WorkerFactory(now=NOW)
    asked = {"worker_id": worker.pk, "starts_on": TODAY + DAY, "ends_on": TODAY + 2 * DAY}

    assert declare_pause(**asked, now=NOW) == declare_pause(**asked, now=NOW + 5 * DAY)
    assert StreakPause.objects.count() == 1


def test_an_outage_by_two_people_repairs_streaks_and_the_bonus_follows_with_the_next_claim():
    bonus_quest(7)
    worker = WorkerFactory(now=NOW)
    claim_dates(worker, 4)
    claim_dates(worker, 3, first=NOW + 6 * DAY)
    assert read_history(worker, at=NOW + 8 * DAY).days == 3
    ann, bob = member("ann"), member("bob")
    times = {"starts_at": NOW + 4 * DAY - hours(1), "ends_at": NOW + 5 * DAY}
    request = ann.does(request_outage, **times, reason="the database was away", now=NOW + 7 * DAY)
    with pytest.raises(SamePerson):
        ann.does(approvals.approve, approval_id=request.pk, now=NOW + 7 * DAY)
    assert Outage.objects.count() == 0

    bob.does(approvals.approve, approval_id=request.pk, now=NOW + 7 * DAY)

    outage = Outage.objects.get()
    assert (outage.starts_at, outage.ends_at) == (times["starts_at"], times["ends_at"])
    assert (outage.requested_by, outage.approved_by) == (str(ann.actor), str(bob.actor))
    assert read_history(worker, at=NOW + 8 * DAY).days == 7
    claim = claim_check_in(worker_id=worker.pk, now=NOW + 9 * DAY)
    assert [(reward.streak_days, reward.state) for reward in claim.rewards] == [(7, "granted")]
    assert claim.check_in.streak_days == 8
    assert QuestEvent.objects.get().external_id == f"{worker.pk}:{TODAY}:7"
    assert violated() == {}


@pytest.mark.parametrize("starts, ends", [(0, 1), (-1, -1), (-1, -2), (-15, -0.9)])
def test_an_outage_that_may_not_be_is_refused(starts, ends):
    with pytest.raises(InvalidOutage, match="an outage is over, and lasted at most 14 days"):
        member("ann").does(
            request_outage, starts_at=NOW + starts * DAY, ends_at=NOW + ends * DAY, reason="r", now=NOW
        )


# --- Time zones ----------------------------------------------


def test_a_change_of_the_time_zone_takes_effect_with_a_date_of_its_own():
    """At noon in New York the worker names Tokyo, where it is past midnight already."""
    worker = WorkerFactory(now=NOW)
    workers.set_place(worker_id=worker.pk, time_zone="America/New_York", now=NOW)
    noon = NOW + hours(5)
    claim_check_in(worker_id=worker.pk, now=noon)

    workers.set_place(worker_id=worker.pk, time_zone="Asia/Tokyo", now=noon)

    assert list(StreakZone.objects.order_by("id").values_list("time_zone", "first_date")) == [
        ("America/New_York", TODAY),
        ("Asia/Tokyo", TODAY + 2 * DAY),
    ]
    again = claim_check_in(worker_id=worker.pk, now=noon + hours(10))
    assert (again.replayed, again.check_in.local_date) == (True, TODAY)
    claim_check_in(worker_id=worker.pk, now=NOW + hours(17))  # midnight in New York
    claim_check_in(worker_id=worker.pk, now=NOW + hours(27))  # midnight in Tokyo
    assert claimed_dates(worker) == [TODAY, TODAY + DAY, TODAY + 2 * DAY]
    assert read_history(worker, at=NOW + hours(27)).days == 3
    assert violated() == {}


def test_a_date_that_lasts_longer_is_rewarded_though_the_new_zone_is_a_date_behind():
    daily_quest()
    worker = WorkerFactory(now=NOW)
    workers.set_place(worker_id=worker.pk, time_zone="Pacific/Kiritimati", now=NOW)
    open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=NOW)

    workers.set_place(worker_id=worker.pk, time_zone="Pacific/Honolulu", now=NOW)
    claim = claim_check_in(worker_id=worker.pk, now=NOW)

    assert claim.check_in.local_date == TODAY + DAY
    assert [(reward.state, reward.code) for reward in claim.rewards] == [("granted", "")]


def test_the_time_zone_changes_once_in_thirty_days():
    worker = WorkerFactory(now=NOW)
    claim_check_in(worker_id=worker.pk, now=NOW)
    workers.set_place(worker_id=worker.pk, time_zone="Asia/Tokyo", now=NOW)

    with pytest.raises(
        TimeZoneChangedRecently, match="less than 30 days ago: again from 2026-04-01"
    ) as refusal:
        workers.set_place(worker_id=worker.pk, time_zone="Europe/Paris", now=NOW + 30 * DAY - hours(1))

    assert (refusal.value.code, refusal.value.status) == ("time_zone_changed_recently", 409)
    assert Worker.objects.get(pk=worker.pk).time_zone == "Asia/Tokyo"
    workers.set_place(worker_id=worker.pk, time_zone="Asia/Tokyo", now=NOW + DAY)
    workers.set_place(worker_id=worker.pk, time_zone="Europe/Paris", now=NOW + 30 * DAY)
    assert StreakZone.objects.count() == 3


def test_before_the_first_check_in_the_time_zone_changes_freely():
    worker = WorkerFactory(now=NOW)
    for zone in ("Asia/Tokyo", "Europe/Paris", "Asia/Beirut"):
        workers.set_place(worker_id=worker.pk, time_zone=zone, now=NOW)

    claim_check_in(worker_id=worker.pk, now=NOW)

    assert StreakZone.objects.get().time_zone == "Asia/Beirut"


def test_the_calendar_of_a_worker_who_leaves_is_deleted():
    worker, other = WorkerFactory(now=NOW), WorkerFactory(now=NOW)
    for one in (worker, other):
        claim_check_in(worker_id=one.pk, now=NOW)
        declare_pause(worker_id=one.pk, starts_on=TODAY + DAY, ends_on=TODAY + DAY, now=NOW)

    workers.delete_worker(worker_id=worker.pk)

    for model in (CheckIn, StreakPause, StreakZone):
        assert list(model.objects.values_list("worker", flat=True)) == [other.pk]
    assert streaks.claim_check_in(worker_id=other.pk, now=NOW).replayed
