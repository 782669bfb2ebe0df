"""Appeals of workers against rejections: each submission can be appealed once, and another reviewer
decides."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from audit.log import services as audit
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from platforms.tasks.errors import NOTHING_HERE
from reputation.models import Submission
from reputation.signals import submissions_appealed
from reputation.submissions.enums import ProofKind, SubmissionStatus
from reputation.submissions.errors import AppealTooLate, NothingToAppeal, SubmissionNotFound
from reputation.submissions.services.places import give_back_places, take_place
from reputation.submissions.services.reviewing import lock_submission

ENDED_AT_ONCE = 500


@verb("submission.appeal", "submission")
def appeal_submission(
    *, submission_id: UUID, worker_id: UUID, words: str, now: datetime | None = None
) -> Submission:
    """Appeal the rejection of the worker's own submission, with their words. Its place in the quest is kept
    until another reviewer has decided.

    Raises SubmissionNotFound, NothingToAppeal, AppealTooLate, ReasonMissing, or, where a later submission
    has taken the place, the refusals of `take_place`.
    """
    now = now or database_now()
    words = require_reason(words)
    submission = lock_submission(submission_id)
    if submission.worker_id != worker_id:
        raise SubmissionNotFound(NOTHING_HERE)
    _require_appealable(submission, now)
    if submission.reservation is None:
        submission.reservation = take_place(
            quest_id=submission.quest_id, worker_id=submission.worker_id, now=now
        )
    submission.status = SubmissionStatus.APPEALED
    submission.appeal, submission.appealed_at = words, now
    submission.save(update_fields=["status", "appeal", "appealed_at", "reservation", "updated_at"])
    audit.record("submission.appeal", submission, now=now)
    submissions_appealed.send(sender=Submission, submissions=[submission], now=now)
    return submission


def appealable_until(submission: Submission) -> datetime | None:
    """Return the end of the time in which the rejection can be appealed, None where it cannot be."""
    is_seen = submission.proof == ProofKind.LINK or submission.image_name != ""
    if submission.status != SubmissionStatus.REJECTED or submission.appealed_at or not is_seen:
        return None
    if submission.reviewed_at is None or submission.erased_at is not None:
        return None
    return submission.reviewed_at + timedelta(days=settings.SUBMISSION_APPEAL_DAYS)


def _require_appealable(submission: Submission, now: datetime) -> None:
    until = appealable_until(submission)
    if submission.status != SubmissionStatus.REJECTED:
        raise NothingToAppeal(
            f"the submission is {submission.status}: there is no rejection to appeal",
            status=submission.status,
        )
    if submission.appealed_at is not None:
        raise NothingToAppeal(
            f"the submission was appealed at {submission.appealed_at:%Y-%m-%d %H:%M}, and each is once",
            appealed_at=submission.appealed_at.isoformat(),
        )
    if until is None:
        raise NothingToAppeal("there is no image to decide about: hand in another", code=submission.code)
    if now >= until:
        raise AppealTooLate(
            f"the rejection could be appealed until {until:%Y-%m-%d %H:%M}",
            until=until.isoformat(),
            days=settings.SUBMISSION_APPEAL_DAYS,
        )


def end_appeal_terms(*, now: datetime | None = None) -> int:
    """Give back the places of rejected submissions that were not appealed in time; return how many."""
    at = now or database_now()
    return repeat_batch(lambda: _end_batch(at), size=ENDED_AT_ONCE)


@in_unit
def _end_batch(now: datetime) -> int:
    until = now - timedelta(days=settings.SUBMISSION_APPEAL_DAYS)
    due = Submission.objects.filter(
        status=SubmissionStatus.REJECTED, reservation__isnull=False, reviewed_at__lte=until
    )
    keys = list(due.order_by("reviewed_at").values_list("pk", flat=True)[:ENDED_AT_ONCE])
    rows = list(due.filter(pk__in=keys).locked())
    give_back_places(rows)
    for row in rows:
        row.save(update_fields=["reservation", "updated_at"])
    audit.record_each("submission.end_appeal_term", rows, now=now)
    return len(rows)
