"""Given: quests that take submissions, and submissions in each state, made through the services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.log.context import acting_as
from audit.log.enums import ActorType
from platforms.models import Platform
from reputation.models import Quest, Submission
from reputation.submissions import services as submissions
from reputation.submissions.services import Reviewer, Submitted
from tests.support.factories import NOW, WorkerFactory
from tests.support.quests import agreed, open_quest
from tests.support.rewards.images import image
from workers.models import Worker


def quest_of_submissions(platform: Platform | None = None, **given: Any) -> Quest:
    """Return an open quest of the kind that takes submissions; of the house unless a platform is given."""
    terms = {"kind": "submission", "is_claimable": False, **given}
    return open_quest(platform, house=platform is None, **terms)


def hand_in(
    quest: Quest, worker: Worker, *, link: str = "", content: bytes = b"", now: datetime = NOW
) -> Submitted:
    """Hand in a link, or an image of the worker's own unless another is given."""
    given: dict[str, Any] = {"quest_id": quest.pk, "worker_id": agreed(quest, worker, now=now).pk, "now": now}
    if link:
        return submissions.submit_link(link=link, **given)
    return submissions.submit_image(content=content or image(worker.pk.int % 10**9), **given)


def pending(quest: Quest, worker: Worker, *, now: datetime = NOW, **given: Any) -> Submission:
    """Return a submission that waits for a reviewer."""
    made = hand_in(quest, worker, now=now, **given).submission
    submissions.process_submissions(now=now)
    made.refresh_from_db()
    return made


def approve(submission: Submission, staff: str = "4", *, now: datetime = NOW, **given: Any) -> Submission:
    with acting_as(ActorType.STAFF, staff):
        return submissions.approve_submission(
            submission_id=submission.pk, reviewer=Reviewer.of_staff(), now=now, **given
        )


def reject(
    submission: Submission, staff: str = "4", *, feedback: str = "not the shelf", now: datetime = NOW
) -> Submission:
    with acting_as(ActorType.STAFF, staff):
        return submissions.reject_submission(
            submission_id=submission.pk, reviewer=Reviewer.of_staff(), feedback=feedback, now=now
        )


def appeal(submission: Submission, *, words: str = "it is the shelf", now: datetime = NOW) -> Submission:
    return submissions.appeal_submission(
        submission_id=submission.pk, worker_id=submission.worker_id, words=words, now=now
    )


@dataclass(frozen=True)
class SubmissionHistory:
    """Submissions in every state, to a quest of a platform."""

    quest: Quest
    approved: Submission
    rejected: Submission
    waiting: Submission


def history_of_submissions(platform: Platform, *, at: Callable[[], datetime]) -> SubmissionHistory:
    """Make submissions that wait, are approved, rejected and appealed; `at` returns the next time."""
    quest = quest_of_submissions(platform, budget="50", now=at())
    workers = [WorkerFactory.create(now=at()) for _ in range(5)]
    links = [
        pending(quest, worker, link=f"https://example.com/shelf/{number}", now=at())
        for number, worker in enumerate(workers[:4])
    ]
    by = Reviewer.of_platform(platform.pk, "anna")
    for one in links[:1]:
        submissions.approve_submission(submission_id=one.pk, reviewer=by, now=at())
    for one in links[1:3]:
        submissions.reject_submission(submission_id=one.pk, reviewer=by, feedback="too dark", now=at())
    appeal(links[2], now=at())
    hand_in(quest, workers[4], now=at())
    return SubmissionHistory(quest, links[0], links[1], links[3])
