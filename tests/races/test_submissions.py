"""Workers, reviewers and jobs that meet on one submission, one proof and one place."""

from datetime import timedelta
from functools import partial

import pytest

from reputation.models import QuestEvent, Reservation, Submission
from reputation.quests import services as quests
from reputation.quests.errors import AlreadyReported, QuestExhausted
from reputation.submissions import services as submissions
from reputation.submissions.errors import NothingToAppeal, ReviewedBefore, SubmissionDecided
from tests.support.books import violated
from tests.support.factories import NOW, WorkerFactory, balance
from tests.support.quests import DAY, agreed
from tests.support.rewards.images import image
from tests.support.rewards.submissions import (
    appeal,
    approve,
    hand_in,
    pending,
    quest_of_submissions,
    reject,
)

pytestmark = pytest.mark.django_db(transaction=True)
LINK = "https://example.com/shelf"


def grant_all():
    while QuestEvent.objects.waiting().exists():
        quests.grant_quest_events(now=NOW)


def test_approving_twice_grants_once(at_once):
    quest, worker = quest_of_submissions(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)

    results, refusals = at_once(*[partial(approve, waiting, staff) for staff in ("4", "4", "5", "6")])

    grant_all()
    assert all(isinstance(refusal, SubmissionDecided) for refusal in refusals)
    assert (len(results) + len(refusals), QuestEvent.objects.count()) == (4, 1)
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_approval_against_rejection_decides_once(at_once):
    quest, worker = quest_of_submissions(), WorkerFactory()
    waiting = pending(quest, worker, link=LINK)

    results, refusals = at_once(partial(approve, waiting, "4"), partial(reject, waiting, "5"))

    grant_all()
    waiting.refresh_from_db()
    assert (len(results), [type(one) for one in refusals]) == (1, [SubmissionDecided])
    assert balance(worker, "available") == (5 if waiting.status == "approved" else 0)
    assert violated() == {}


def test_a_rejected_and_appealed_submission_grants_at_most_once(at_once):
    quest, worker = quest_of_submissions(), WorkerFactory()
    rejected = reject(pending(quest, worker, link=LINK))

    at_once(partial(appeal, rejected), partial(appeal, rejected))
    rejected.refresh_from_db()
    assert rejected.status == "appealed"
    results, refusals = at_once(
        *[partial(approve, rejected, staff) for staff in ("4", "5", "6")],
        partial(appeal, rejected),
    )

    grant_all()
    kinds = (SubmissionDecided, ReviewedBefore, NothingToAppeal)
    assert all(isinstance(refusal, kinds) for refusal in refusals)
    assert QuestEvent.objects.count() == len(results) == 1
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_an_appeal_against_the_end_of_its_time_keeps_or_gives_back_the_place(at_once):
    quest, worker = quest_of_submissions(budget="5"), WorkerFactory()
    rejected = reject(pending(quest, worker, link=LINK))
    ends = NOW + 14 * DAY

    at_once(
        partial(appeal, rejected, now=ends - timedelta(microseconds=1)),
        partial(submissions.end_appeal_terms, now=ends),
    )
    quests.expire_reservations(now=ends)

    rejected.refresh_from_db()
    quest.refresh_from_db()
    assert quest.reserved == (5 if rejected.status == "appealed" else 0)
    assert violated() == {}


def test_a_file_of_two_workers_at_once_is_one_workers(at_once):
    quest, pair = quest_of_submissions(), [WorkerFactory() for _ in range(2)]

    results, refusals = at_once(*[partial(hand_in, quest, worker, content=image(1)) for worker in pair])

    assert (len(results), [type(one) for one in refusals]) == (1, [AlreadyReported])
    assert refusals[0].numbers["external_id"] == results[0].submission.sha256
    assert Reservation.objects.count() == 1
    assert violated() == {}


def test_two_uploads_of_a_worker_at_once_keep_one_place(at_once):
    quest, worker = quest_of_submissions(limit_per_worker=None), WorkerFactory()
    agreed(quest, worker)

    results, _ = at_once(*[partial(hand_in, quest, worker, link=f"{LINK}/{number}") for number in range(3)])

    assert Submission.objects.count() == len(results) >= 1
    assert Reservation.objects.count() == 1
    assert violated() == {}


def test_two_proofs_for_the_last_place_keep_one(at_once):
    quest, pair = quest_of_submissions(budget="5"), [WorkerFactory() for _ in range(2)]

    results, refusals = at_once(
        *[partial(hand_in, quest, worker, link=f"{LINK}/{number}") for number, worker in enumerate(pair)]
    )

    assert (len(results), [type(one) for one in refusals]) == (1, [QuestExhausted])
    assert violated() == {}


def test_two_jobs_process_an_image_once(at_once):
    quest = quest_of_submissions()
    hand_in(quest, WorkerFactory())

    results, _ = at_once(*[partial(submissions.process_submissions, now=NOW) for _ in range(2)])

    assert sorted(results) == [0, 1]
    assert Submission.objects.get().status == "pending"


def test_of_two_similar_images_processed_at_once_one_is_a_duplicate(at_once):
    quest = quest_of_submissions()
    hand_in(quest, WorkerFactory(), content=image(2))
    hand_in(quest, WorkerFactory(), content=image(2, form="JPEG", size=(90, 60)))

    at_once(*[partial(submissions.process_submissions, now=NOW) for _ in range(2)])

    assert sorted(Submission.objects.values_list("status", flat=True)) == ["pending", "rejected"]
    assert violated() == {}
