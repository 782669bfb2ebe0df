"""Letters to workers about the decisions on their submissions."""

from collections.abc import Sequence
from datetime import datetime

from gigstream.core.people.names import isolate_name
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
from reputation.models import Submission
from reputation.submissions.enums import SubmissionStatus
from reputation.submissions.services.appeals import appealable_until
from reputation.submissions.services.reviewing import describe_reward


def enqueue_decisions(submissions: Sequence[Submission], *, now: datetime) -> None:
    """Have a letter to the worker of each submission that was approved or rejected just now."""
    for submission in submissions:
        enqueue_letter(DECIDED, submission.pk, recipient=submission.status, now=now)


def send_submission_notices(*, now: datetime | None = None) -> int:
    """Send the letters that wait about decisions on submissions; return how many were sent."""
    return send_due_letters(DECIDED, now=now)


def _write_decision(letter: Letter, now: datetime) -> Message | None:
    """Return the letter about the decision, unless the worker has appealed it meanwhile or has left."""
    found = Submission.objects.select_related("worker", "quest__platform", "reservation")
    submission = found.filter(pk=letter.subject_id, status=letter.recipient).first()
    if submission is None or submission.worker.deleted_at is not None:
        return None
    is_approved = submission.status == SubmissionStatus.APPROVED
    text = _text_of_approval(submission) if is_approved else _text_of_rejection(submission, now)
    return Message(submission.worker.email, f"Your submission was {submission.status}", text)


DECIDED = register_letter_kind(LetterKind("submission_decided", "send_submission_notices", _write_decision))


def _text_of_approval(submission: Submission) -> str:
    said = f"The reviewer writes:\n\n{submission.feedback}\n\n" if submission.feedback else ""
    return (
        f"{_opening(submission)} was approved. Reward: {describe_reward(submission)}.\n\n{said}"
        "Your rewards (me/rewards) show when it is granted.\n"
    )


def _text_of_rejection(submission: Submission, now: datetime) -> str:
    return (
        f"{_opening(submission)} was rejected:\n\n{submission.feedback}\n\n{_what_is_next(submission, now)}\n"
    )


def _opening(submission: Submission) -> str:
    owner = submission.quest.platform
    by = isolate_name(owner.name) if owner else "GigStream"
    return f"Your submission to the quest {isolate_name(submission.quest.title)} of {by}"


def _what_is_next(submission: Submission, now: datetime) -> str:
    """Return how the rejection can be appealed, or what is left where it cannot be."""
    until = appealable_until(submission)
    if submission.appealed_at is not None:
        return "This was the decision on your appeal, by another reviewer. There is no further appeal."
    if until is None:
        return "There is no image to decide about, so nothing to appeal: you can hand in another."
    if now >= until:
        return f"It could be appealed until {until:%Y-%m-%d %H:%M} UTC."
    return (
        f"If you disagree, you can appeal it once, until {until:%Y-%m-%d %H:%M} UTC, with your words:"
        f" me/submissions/{submission.pk}/appeal. A person who has not rejected it decides."
    )
