"""Submissions to quests: handed in, approved or rejected by reviewers, appealed, and rewarded once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.models import Decision
from reputation.models import QuestCount, QuestEvent, Reservation, Submission, SubmissionReview
from reputation.quests import services as quests
from reputation.quests.errors import (
    AlreadyReported,
    InvalidQuest,
    NotReportable,
    QuestExhausted,
    QuestLimitReached,
)
from reputation.quests.services import Report
from reputation.submissions import services as submissions
from reputation.submissions.errors import (
    AppealTooLate,
    LinkRefused,
    NoSubmissions,
    NothingToAppeal,
    NotYoursToReview,
    PersonRequired,
    ReviewedBefore,
    SubmissionDecided,
    SubmissionNotFound,
    SubmissionWaits,
)
from reputation.submissions.services import Reviewer
from tests.support.books import violated
from tests.support.decisions import reinstate_worker, suspend_worker
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.quests import DAY, agreed, held_rewards, open_quest, terms
from tests.support.rewards.submissions import (
    appeal,
    approve,
    hand_in,
    pending,
    quest_of_submissions,
    reject,
)
from workers.profiles.errors import WorkerSuspended

pytestmark = pytest.mark.django_db
LINK = "https://example.com/shelf"


def test_an_approved_link_is_one_event_and_is_rewarded_once():
    quest, worker = quest_of_submissions(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)
    assert (waiting.status, balance(worker, "available")) == ("pending", 0)

    approve(waiting, feedback="well done")
    again = approve(waiting)

    event = QuestEvent.objects.get()
    assert (again.status, again.event_id, again.feedback) == ("approved", event.pk, "well done")
    assert (event.external_id, event.status, event.event_type) == (LINK, "granted", "submission")
    assert balance(worker, "available") == 5
    with pytest.raises(SubmissionDecided, match="approved"):
        approve(waiting, staff="5")
    with pytest.raises(SubmissionDecided):
        reject(waiting, staff="5")
    assert violated() == {}


def test_a_submission_keeps_its_place_until_it_is_decided():
    quest, worker, late = quest_of_submissions(budget="5"), WorkerFactory(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)

    quests.expire_reservations(now=NOW + 9 * DAY)

    with pytest.raises(QuestExhausted, match=r"0\.00 USDC free"):
        hand_in(quest, late, link=f"{LINK}/2", now=NOW + 9 * DAY)
    assert not Submission.objects.filter(worker=late).exists()
    approve(waiting, now=NOW + 9 * DAY)
    assert balance(worker, "available") == 5
    assert Reservation.objects.get().status == "used"
    assert violated() == {}


def test_a_submission_made_in_time_is_granted_after_the_quest_is_closed():
    quest, worker = quest_of_submissions(ends_at=NOW + DAY), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)
    quests.close_quest(quest_id=quest.pk, now=NOW + DAY)

    approve(waiting, now=NOW + 3 * DAY)

    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_held_reward_waits_though_its_submission_is_approved():
    quest, worker = quest_of_submissions(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)

    with held_rewards():
        approve(waiting)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.event.status) == ("approved", "held")
    assert balance(worker, "available") == 0
    assert violated() == {}


def test_the_reward_of_a_platforms_quest_comes_from_its_budget():
    platform, worker = PlatformFactory(funds="100"), WorkerFactory()
    quest = quest_of_submissions(platform, budget="20")
    waiting = pending(quest, worker, link=LINK)
    by = Reviewer.of_platform(platform.pk, "anna")

    submissions.approve_submission(submission_id=waiting.pk, reviewer=by, now=NOW)

    quest.refresh_from_db()
    assert (quest.granted, quest.reserved, balance(worker, "available")) == (5, 0, 5)
    decided = Decision.objects.get(rule="submission.review_by_platform")
    assert (decided.outcome, decided.inputs["reviewer"]) == ("approved", "anna")
    assert violated() == {}


def test_the_same_link_of_another_worker_is_refused_by_name_in_any_spelling():
    quest, first, second = quest_of_submissions(), WorkerFactory(), WorkerFactory()
    hand_in(quest, first, link="https://Example.com:443/caf\u00e9#top")

    with pytest.raises(AlreadyReported) as refused:
        hand_in(quest, second, link=" https://example.com/cafe\u0301 ")

    assert refused.value.numbers == {"external_id": "https://example.com/caf%C3%A9"}
    assert Submission.objects.count() == 1
    assert not QuestCount.objects.filter(worker=second, n__gt=0).exists()
    assert violated() == {}


def test_the_same_proof_again_is_answered_with_the_first():
    quest, worker = quest_of_submissions(), WorkerFactory()
    first = hand_in(quest, worker, link=LINK)

    again = hand_in(quest, worker, link=LINK)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.submission.pk == first.submission.pk
    assert Submission.objects.count() == 1


def test_a_second_submission_waits_for_the_decision_of_the_first():
    quest, worker = quest_of_submissions(limit_per_worker=None), WorkerFactory()
    hand_in(quest, worker, link=LINK)

    with pytest.raises(SubmissionWaits):
        hand_in(quest, worker, link=f"{LINK}/2")

    assert Submission.objects.count() == 1
    assert violated() == {}


def test_the_limit_of_a_worker_holds_for_submissions():
    quest, worker = quest_of_submissions(), WorkerFactory()
    approve(pending(quest, worker, link=LINK))

    with pytest.raises(QuestLimitReached, match="at most 1"):
        hand_in(quest, worker, link=f"{LINK}/2")

    assert violated() == {}


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com/shelf",
        "https://10.0.0.1/shelf",
        "https://[::1]/",
        "https://localhost/",
        "https://printer.local/",
        "https://shelf.internal/",
        "https://anna@example.com/",
        "https://example.com:22/",
        "javascript:alert(1)",
        "https://example.com/\\evil",
        "https://ex\u0430mple..com/",
        f"https://example.com/{'x' * 200}",
        "https://",
    ],
)
def test_a_link_that_leads_to_no_public_page_is_refused(link):
    quest, worker = quest_of_submissions(), WorkerFactory()

    with pytest.raises(LinkRefused):
        hand_in(quest, worker, link=link)

    assert not Submission.objects.exists()
    assert not Reservation.objects.exists()


def test_a_link_with_an_international_name_counts_in_its_ascii_form():
    quest, worker = quest_of_submissions(), WorkerFactory()

    made = hand_in(quest, worker, link="https://m\u00fcnchen.example/b\u00fccher?q=\u00df")

    assert made.submission.link == "https://xn--mnchen-3ya.example/b%C3%BCcher?q=%C3%9F"


def test_only_a_quest_of_submissions_takes_them_and_takes_nothing_else():
    platform, worker = PlatformFactory(funds="100"), WorkerFactory()
    with pytest.raises(NoSubmissions):
        hand_in(open_quest(house=True), worker, link=LINK)
    quest = quest_of_submissions(platform)
    agreed(quest, worker)

    report = Report(worker_id=worker.pk, external_id="1")
    with pytest.raises(NotReportable):
        quests.report_events(quest_id=quest.pk, platform_id=platform.pk, reports=[report], now=NOW)
    with pytest.raises(InvalidQuest, match="not claimable"):
        quests.create_quest(
            platform_id=platform.pk, terms=terms(kind="submission", is_claimable=True), now=NOW
        )


def test_a_rejection_keeps_the_place_for_the_time_of_an_appeal():
    quest, worker = quest_of_submissions(budget="5"), WorkerFactory()
    rejected = reject(pending(quest, worker, link=LINK))
    assert (rejected.status, rejected.feedback) == ("rejected", "not the shelf")
    decided = Decision.objects.get()
    assert (decided.rule, decided.outcome, decided.reason) == (
        "submission.review",
        "rejected",
        "not the shelf",
    )

    submissions.end_appeal_terms(now=NOW + 14 * DAY - timedelta(microseconds=1))
    quests.expire_reservations(now=NOW + 14 * DAY)
    assert Reservation.objects.get().status == "open"
    assert submissions.end_appeal_terms(now=NOW + 14 * DAY) == 1
    quests.expire_reservations(now=NOW + 14 * DAY)

    quest.refresh_from_db()
    assert (quest.reserved, Reservation.objects.get().status) == (0, "expired")
    with pytest.raises(AppealTooLate, match="until 2026-03-16"):
        appeal(rejected, now=NOW + 14 * DAY)
    assert violated() == {}


def test_an_appeal_is_decided_by_another_and_grants_once():
    quest, worker = quest_of_submissions(), WorkerFactory()
    rejected = reject(pending(quest, worker, link=LINK))

    appealed = appeal(rejected, now=NOW + DAY)

    assert (appealed.status, appealed.appeal) == ("appealed", "it is the shelf")
    with pytest.raises(ReviewedBefore, match="staff:4 gave the verdict reject"):
        approve(appealed, staff="4")
    approve(appealed, staff="5", now=NOW + 2 * DAY)
    assert balance(worker, "available") == 5
    assert QuestEvent.objects.count() == 1
    with pytest.raises(NothingToAppeal):
        appeal(rejected, now=NOW + 3 * DAY)
    assert violated() == {}


def test_a_rejected_appeal_ends_it_and_gives_the_place_back():
    quest, worker = quest_of_submissions(), WorkerFactory()
    appealed = appeal(reject(pending(quest, worker, link=LINK)))

    reject(appealed, staff="5")
    quests.expire_reservations(now=NOW + DAY)

    with pytest.raises(NothingToAppeal, match="appealed at"):
        appeal(appealed)
    quest.refresh_from_db()
    assert (quest.reserved, QuestEvent.objects.count()) == (0, 0)
    assert [one.of_appeal for one in SubmissionReview.objects.order_by("id")] == [False, True]
    assert violated() == {}


def test_another_proof_after_a_rejection_takes_its_place():
    quest, worker = quest_of_submissions(), WorkerFactory()
    rejected = reject(pending(quest, worker, link=LINK))

    other = pending(quest, worker, link=f"{LINK}/2")

    rejected.refresh_from_db()
    assert (rejected.reservation_id, Reservation.objects.count()) == (None, 1)
    with pytest.raises(SubmissionWaits):
        appeal(rejected)
    approve(other)
    with pytest.raises(QuestLimitReached):
        appeal(rejected)
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_large_reward_needs_two_reviewers():
    quest, worker = quest_of_submissions(reward_amount="50.000001", budget="100"), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)

    assert approve(waiting).status == "pending"
    assert balance(worker, "available") == 0
    with pytest.raises(ReviewedBefore):
        approve(waiting)
    assert approve(waiting, staff="5").status == "approved"

    assert balance(worker, "available") == Decimal("50.000001")
    assert violated() == {}


def test_one_of_two_reviewers_may_reject_and_a_third_decides_the_appeal():
    quest, worker = quest_of_submissions(reward_amount="60", budget="100"), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)
    approve(waiting, staff="4")
    appealed = appeal(reject(waiting, staff="5"))

    assert approve(appealed, staff="6").status == "approved"

    assert balance(worker, "available") == 60
    assert violated() == {}


def test_a_platform_decides_about_its_own_submissions_alone():
    platform, worker = PlatformFactory(funds="100"), WorkerFactory()
    waiting = pending(quest_of_submissions(platform), worker, link=LINK)
    stranger = Reviewer.of_platform(PlatformFactory().pk, "eve")
    own = Reviewer.of_platform(platform.pk, "anna")

    with pytest.raises(SubmissionNotFound):
        submissions.approve_submission(submission_id=waiting.pk, reviewer=stranger, now=NOW)
    with pytest.raises(NotYoursToReview, match="until 2026-03-07"):
        approve(waiting)
    with pytest.raises(PersonRequired):
        Reviewer.of_platform(platform.pk, " ")
    submissions.reject_submission(submission_id=waiting.pk, reviewer=own, feedback="dark", now=NOW)
    appealed = appeal(waiting)
    with pytest.raises(NotYoursToReview, match="by the staff"):
        submissions.approve_submission(
            submission_id=waiting.pk, reviewer=Reviewer.of_platform(platform.pk, "bert"), now=NOW
        )
    assert approve(appealed).status == "approved"
    assert violated() == {}


def test_staff_decide_what_a_platform_has_left_for_days():
    waiting = pending(quest_of_submissions(PlatformFactory(funds="100")), WorkerFactory(), link=LINK)

    assert approve(waiting, now=NOW + 5 * DAY).status == "approved"


def test_proof_for_a_daily_quest_counts_for_the_date_on_which_it_was_handed_in():
    quest, worker = quest_of_submissions(period="daily"), WorkerFactory()
    first = pending(quest, worker, link=LINK)
    approve(first, now=NOW + 2 * DAY)

    second = pending(quest, worker, link=f"{LINK}/2", now=NOW + 2 * DAY)
    approve(second, now=NOW + 2 * DAY)

    dates = quest.events.order_by("id").values_list("event_date", flat=True)
    assert list(dates) == [NOW.date(), (NOW + 2 * DAY).date()]
    assert balance(worker, "available") == 10
    assert violated() == {}


def test_a_suspended_worker_is_rewarded_once_they_are_reinstated():
    quest, worker = quest_of_submissions(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)
    suspend_worker(worker_id=worker.pk, reason="checks")

    with pytest.raises(WorkerSuspended):
        approve(waiting)
    with pytest.raises(WorkerSuspended):
        hand_in(quest, worker, link=f"{LINK}/2")
    assert not SubmissionReview.objects.exists()
    reinstate_worker(worker_id=worker.pk, reason="checked")
    approve(waiting)

    assert balance(worker, "available") == 5
    assert violated() == {}


def test_the_system_decides_about_no_submission():
    with pytest.raises(PersonRequired):
        Reviewer.of_staff()
