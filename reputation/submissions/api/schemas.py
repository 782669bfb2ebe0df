"""Forms of submissions, and submissions as JSON."""

from datetime import datetime
from typing import Any

from gigstream.api.fields import (
    Base64,
    Choice,
    Id,
    Instant,
    StrictSerializer,
    Text,
    Whole,
    YesNo,
)
from gigstream.api.schema.describing import describe_rows
from reputation.models import Submission
from reputation.submissions.enums import SubmissionStatus
from reputation.submissions.models import LONGEST_TEXT
from reputation.submissions.selectors import image_url
from reputation.submissions.services.appeals import appealable_until
from workers.sign_in.views import PeriodQuery

LONGEST_GIVEN = 2_000
LONGEST_PERSON = 64
_COLUMNS = (
    "id",
    "created_at",
    "quest_id",
    "proof",
    "link",
    "sha256",
    "size",
    "width",
    "height",
    "status",
    "feedback",
    "code",
    "numbers",
    "reviewed_at",
    "appeal",
    "appealed_at",
    "event_id",
)
MY_COLUMNS = _COLUMNS
COLUMNS = (*_COLUMNS[:3], "worker_id", *_COLUMNS[3:])
_PERSON = "the person who decides, by an id of yours"
_IMAGE_URL = Text(allow_null=True, help_text="works for some minutes; null without an image")
_EVENT = Whole(allow_null=True, help_text="the event of the quest that it led to")

MySubmissionRow = describe_rows(
    "MySubmissionRow",
    Submission,
    MY_COLUMNS,
    event_id=_EVENT,
    quest_title=Text(help_text="of the quest"),
    image_url=_IMAGE_URL,
    appealable_until=Instant(allow_null=True, help_text="null where it cannot be appealed"),
)
MyNewSubmission = describe_rows(
    "MyNewSubmission",
    Submission,
    MY_COLUMNS,
    event_id=_EVENT,
    quest_title=Text(help_text="of the quest"),
    image_url=_IMAGE_URL,
    appealable_until=Instant(allow_null=True, help_text="null where it cannot be appealed"),
    replayed=YesNo(help_text="whether you had handed in the same before"),
)
SubmissionRow = describe_rows(
    "SubmissionRow",
    Submission,
    COLUMNS,
    event_id=_EVENT,
    image_url=_IMAGE_URL,
    approvals=Whole(help_text="of different reviewers; a large reward needs two"),
)


class LinkForm(StrictSerializer):
    """A link as proof."""

    link = Text(max_length=LONGEST_GIVEN, help_text="https, of a public page")


class ImageForm(StrictSerializer):
    """An image as proof."""

    image = Base64(help_text="JPEG, PNG or WebP of at most 5,000,000 bytes and 40 megapixels, in base64")


class AppealForm(StrictSerializer):
    """An appeal in words."""

    words = Text(max_length=LONGEST_TEXT, help_text="for the person who decides")


class ApprovalForm(StrictSerializer):
    """The verdict of a person at the platform."""

    reviewer = Text(
        max_length=LONGEST_PERSON,
        required=False,
        allow_blank=True,
        help_text="the person who decides, by your id",
    )
    feedback = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True, help_text="for the worker")


class RejectionForm(StrictSerializer):
    """The verdict of a person at the platform, with the reason."""

    reviewer = Text(
        max_length=LONGEST_PERSON,
        required=False,
        allow_blank=True,
        help_text="the person who decides, by your id",
    )
    feedback = Text(max_length=LONGEST_TEXT, help_text="the reason, for the worker")


class MySubmissionQuery(PeriodQuery):
    status = Choice(choices=SubmissionStatus.values, required=False)
    quest_id = Id(required=False)


class SubmissionQuery(MySubmissionQuery):
    worker_id = Id(required=False)


def my_submission_as_json(submission: Submission) -> dict[str, Any]:
    """Return the submission, which has its quest, as its worker sees it."""
    until: datetime | None = appealable_until(submission)
    return {
        **{name: getattr(submission, name) for name in MY_COLUMNS},
        "quest_title": submission.quest.title,
        "image_url": image_url(submission),
        "appealable_until": until,
    }


def submission_as_json(submission: Submission, approvals: int) -> dict[str, Any]:
    """Return the submission as its quest's platform sees it."""
    return {
        **{name: getattr(submission, name) for name in COLUMNS},
        "image_url": image_url(submission),
        "approvals": approvals,
    }
