"""Payloads of events about submissions: each is complete, so that the latest event is enough."""

from typing import Any

from reputation.submissions.models import Submission


def of_submission(submission: Submission) -> dict[str, Any]:
    """Return the submission as its platform knows it; the image is behind an address that the API signs."""
    return {
        "id": submission.pk,
        "quest_id": submission.quest_id,
        "worker_id": submission.worker_id,
        "proof": submission.proof,
        "link": submission.link,
        "sha256": submission.sha256,
        "status": submission.status,
        "feedback": submission.feedback,
        "code": submission.code,
        "numbers": submission.numbers,
        "reviewed_at": submission.reviewed_at,
        "appeal": submission.appeal,
        "appealed_at": submission.appealed_at,
        "event_id": submission.event_id,
        "created_at": submission.created_at,
    }
