"""Events that platforms receive about submissions for their quests, and letters to the workers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from platforms.events.services.events import NewEvent, publish_events
from reputation.models import Submission
from reputation.signals import (
    submissions_appealed,
    submissions_approved,
    submissions_received,
    submissions_rejected,
)
from reputation.submissions.letters import enqueue_decisions
from reputation.submissions.payloads import of_submission
from reputation.submissions.vocabulary import (
    SUBMISSION_APPEALED,
    SUBMISSION_APPROVED,
    SUBMISSION_RECEIVED,
    SUBMISSION_REJECTED,
)


def _publish(submissions: Sequence[Submission], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(one.quest.platform_id, type_, of_submission(one), now)
        for one in submissions
        if one.quest.platform_id is not None
    )


@receiver(submissions_received)
def publish_submissions_received(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    _publish(submissions, SUBMISSION_RECEIVED, now)


@receiver(submissions_approved)
def publish_submissions_approved(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    _publish(submissions, SUBMISSION_APPROVED, now)


@receiver(submissions_approved)
@receiver(submissions_rejected)
def write_to_workers(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    enqueue_decisions(submissions, now=now)


@receiver(submissions_rejected)
def publish_submissions_rejected(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    _publish(submissions, SUBMISSION_REJECTED, now)


@receiver(submissions_appealed)
def publish_submissions_appealed(submissions: Sequence[Submission], now: datetime, **kwargs: Any) -> None:
    _publish(submissions, SUBMISSION_APPEALED, now)
