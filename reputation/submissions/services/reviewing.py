"""Verdicts of reviewers: an approved submission becomes one event of its quest, a rejected one can be
appealed once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.enums import ActorType
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Reservation, Submission, SubmissionReview
from reputation.quests.enums import RewardKind
from reputation.quests.services import Fact, record_events
from reputation.signals import submissions_approved, submissions_rejected
from reputation.submissions.calculations import reviewers_needed
from reputation.submissions.enums import WAITING, SubmissionStatus, Verdict
from reputation.submissions.errors import (
    NotYoursToReview,
    PersonRequired,
    ReviewedBefore,
    SubmissionDecided,
    SubmissionNotFound,
)
from reputation.submissions.limits import APPROVED_ALONE_UP_TO
from reputation.submissions.selectors import count_similar
from reputation.submissions.services.places import give_back_places
from reputation.submissions.vocabulary import APPROVED, REJECTED, REVIEW, REVIEW_BY_PLATFORM

LONGEST_PERSON = 64


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who decides: of the staff, or at a platform, which names them by an id of its own."""

    key: str
    platform_id: UUID | None = None
    person: str = ""

    @classmethod
    def of_staff(cls) -> Self:
        """Return the member of staff who acts. Raises PersonRequired for any other actor."""
        actor = current_actor()
        if actor.type != ActorType.STAFF:
            raise PersonRequired(f"a submission is decided by a person, not by {actor.type}")
        return cls(str(actor))

    @classmethod
    def of_platform(cls, platform_id: UUID, person: str) -> Self:
        """Return the platform's person. Raises PersonRequired without the id of one."""
        if not person.strip():
            raise PersonRequired("a submission is decided by a person: name them by an id of yours")
        return cls(f"platform:{platform_id}:{person.strip()}", platform_id, person.strip())


@verb("submission.approve", "submission")
def approve_submission(
    *, submission_id: UUID, reviewer: Reviewer, feedback: str = "", now: datetime | None = None
) -> Submission:
    """Approve the submission: its event is recorded and rewarded, in the place that was kept. A payout above
    the limit needs two reviewers; after the first it still waits.

    The same reviewer's approval again changes nothing. Raises SubmissionNotFound, SubmissionDecided,
    NotYoursToReview, ReviewedBefore, and what `record_events` refuses the fact with.
    """
    now = now or database_now()
    submission = lock_submission(submission_id)
    reviews = _reviews_of(submission)
    mine = reviews.get(reviewer.key)
    if mine is not None and mine.verdict == Verdict.APPROVE and submission.event_id is not None:
        return submission
    _require_decidable(submission, reviewer, mine, now)
    _write_review(submission, reviewer, Verdict.APPROVE, feedback.strip(), now)
    place = _place_of(submission)
    given = 1 + sum(one.verdict == Verdict.APPROVE for one in reviews.values())
    needed = approvals_needed(submission)
    if given >= needed:
        _grant(submission, reviewer, place, feedback.strip(), now)
    audit.record(
        "submission.approve",
        submission,
        after={"status": submission.status, "approvals": given, "needed": needed},
        now=now,
    )
    return submission


@verb("submission.reject", "submission")
def reject_submission(
    *, submission_id: UUID, reviewer: Reviewer, feedback: str, now: datetime | None = None
) -> Submission:
    """Reject the submission, with feedback that the worker reads. Its place is kept while it can be appealed;
    a rejected appeal gives it back.

    Raises SubmissionNotFound, SubmissionDecided, NotYoursToReview, ReviewedBefore or ReasonMissing.
    """
    now = now or database_now()
    feedback = require_reason(feedback)
    submission = lock_submission(submission_id)
    _require_decidable(submission, reviewer, _reviews_of(submission).get(reviewer.key), now)
    _write_review(submission, reviewer, Verdict.REJECT, feedback, now)
    _decide(submission, reviewer, REJECTED, f"The submission is rejected: {feedback}", feedback, now)
    if submission.status == SubmissionStatus.APPEALED:
        give_back_places([submission])
    _close(submission, reviewer, SubmissionStatus.REJECTED, feedback, now)
    audit.record("submission.reject", submission, metadata={"reason": feedback}, now=now)
    submissions_rejected.send(sender=Submission, submissions=[submission], now=now)
    return submission


def lock_submission(submission_id: UUID) -> Submission:
    """Lock the submission and return it with its quest. Raises SubmissionNotFound."""
    rows = Submission.objects.locked().select_related("quest", "quest__platform")
    submission = rows.filter(pk=submission_id).first()
    if submission is None:
        raise SubmissionNotFound(NOTHING_HERE)
    return submission


def _reviews_of(submission: Submission) -> dict[str, SubmissionReview]:
    return {one.reviewer: one for one in submission.reviews.all()}


def _require_decidable(
    submission: Submission, reviewer: Reviewer, mine: SubmissionReview | None, now: datetime
) -> None:
    """Raise a refusal unless this reviewer may decide about the submission at `now`."""
    owner = submission.quest.platform_id
    if reviewer.platform_id is not None and reviewer.platform_id != owner:
        raise SubmissionNotFound(NOTHING_HERE)
    if submission.status not in WAITING:
        raise SubmissionDecided(
            f"the submission is {submission.status}: it waits for no decision", status=submission.status
        )
    is_appealed = submission.status == SubmissionStatus.APPEALED
    if reviewer.platform_id is not None and is_appealed:
        raise NotYoursToReview("an appeal is decided by the staff of GigStream", status=submission.status)
    overdue_at = submission.created_at + timedelta(days=settings.SUBMISSION_OVERDUE_DAYS)
    if reviewer.platform_id is None and owner is not None and not is_appealed and now < overdue_at:
        raise NotYoursToReview(
            f"until {overdue_at:%Y-%m-%d %H:%M} the submission is for its platform to decide",
            from_=overdue_at.isoformat(),
            days=settings.SUBMISSION_OVERDUE_DAYS,
        )
    if mine is not None:
        raise ReviewedBefore(
            f"{reviewer.key} gave the verdict {mine.verdict} at {mine.created_at:%Y-%m-%d %H:%M}:"
            " another reviewer decides",
            verdict=mine.verdict,
            at=mine.created_at.isoformat(),
        )


def _write_review(
    submission: Submission, reviewer: Reviewer, verdict: Verdict, feedback: str, now: datetime
) -> None:
    SubmissionReview(
        submission=submission,
        reviewer=reviewer.key,
        verdict=verdict,
        feedback=feedback,
        of_appeal=submission.status == SubmissionStatus.APPEALED,
        created_at=now,
    ).save(force_insert=True)


def _place_of(submission: Submission) -> Reservation:
    """Return the kept place. Raises SubmissionDecided without one, which no waiting submission lacks."""
    if submission.reservation is None:
        raise SubmissionDecided("the submission keeps no place", status=submission.status)
    return submission.reservation


def _grant(
    submission: Submission, reviewer: Reviewer, place: Reservation, feedback: str, now: datetime
) -> None:
    """Record the event of the submission, and its decision."""
    fact = Fact(
        worker_id=submission.worker_id,
        event_type="submission",
        external_id=submission.fact,
        event_date=place.period_date,
        occurred_at=submission.created_at,
        evidence={"submission": str(submission.pk)},
    )
    _decide(
        submission, reviewer, APPROVED, "The submission is approved.", feedback or "fulfils the quest", now
    )
    (result,) = record_events(quest_id=submission.quest_id, facts=[fact], now=now)
    if result.refusal is not None:
        raise result.refusal
    submission.event_id = result.event_id
    _close(submission, reviewer, SubmissionStatus.APPROVED, feedback, now)
    submissions_approved.send(sender=Submission, submissions=[submission], now=now)


def _close(
    submission: Submission, reviewer: Reviewer, status: SubmissionStatus, feedback: str, now: datetime
) -> None:
    submission.status, submission.feedback = status, feedback
    submission.code, submission.numbers = "", {}
    submission.reviewed_by, submission.reviewed_at = reviewer.key, now
    submission.save(
        update_fields=[
            "status",
            "feedback",
            "code",
            "numbers",
            "reviewed_by",
            "reviewed_at",
            "reservation",
            "event",
            "updated_at",
        ]
    )


def _decide(
    submission: Submission, reviewer: Reviewer, outcome: str, sentence: str, reason: str, now: datetime
) -> None:
    inputs: dict[str, Any] = {
        "quest": submission.quest.slug,
        "amount": _place_of(submission).amount,
        "proof": submission.proof,
        "similar": count_similar(submission),
        "appealed": submission.appealed_at is not None,
    }
    rule = REVIEW
    if reviewer.platform_id is not None:
        rule, inputs = REVIEW_BY_PLATFORM, {**inputs, "reviewer": reviewer.person}
    case = Case(
        subject=submission,
        worker_id=submission.worker_id,
        outcome=outcome,
        inputs=inputs,
        sentence=sentence,
        reason=reason,
    )
    decide(rule, case, now=now)


def approvals_needed(submission: Submission) -> int:
    """Return how many reviewers have to approve the submission."""
    place = _place_of(submission)
    is_payout = submission.quest.reward_kind == RewardKind.PAYOUT
    return reviewers_needed(is_payout and place.amount > APPROVED_ALONE_UP_TO.value)


def describe_reward(submission: Submission) -> str:
    """Return the reward in words: of the kept place, or of the quest."""
    quest = submission.quest
    amount = submission.reservation.amount if submission.reservation else quest.reward_amount
    return usdc(amount) if quest.reward_kind == RewardKind.PAYOUT else f"{int(amount):,} points"
