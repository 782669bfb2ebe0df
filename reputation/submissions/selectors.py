"""Similar images, signed addresses of images, and the record of a worker."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Count, Q

from gigstream.core import sql
from reputation.models import Submission
from reputation.submissions.enums import SubmissionStatus

MOST_SHOWN = 6


_SALT = "gigstream.submissions.image"
IMAGES_PATH = "media/submissions"


def image_url(submission: Submission) -> str | None:
    """Return an address of the image that works for some minutes (setting), None without an image. Whoever
    has the address sees the image."""
    if not submission.image_name:
        return None
    token = signing.dumps(str(submission.pk), salt=_SALT)
    return f"{settings.MEDIA_ORIGIN}/{IMAGES_PATH}/{token}"


def image_name_of(token: str) -> str:
    """Return the name of the file to which a signed address leads, empty where it leads to none any more."""
    try:
        key = signing.loads(token, salt=_SALT, max_age=settings.MEDIA_LINK_SECONDS)
    except signing.BadSignature:
        return ""
    names = Submission.objects.filter(pk=key).values_list("image_name", flat=True)
    return names.first() or ""


@dataclass(frozen=True, slots=True)
class Similar:
    """Another submission to the quest whose image is similar: the bits of the difference hashes that
    differ."""

    submission_id: UUID
    worker_id: UUID
    status: str
    bits: int


def similar_images(submission: Submission, *, most_bits: int, limit: int = MOST_SHOWN) -> list[Similar]:
    """Return the submissions to the quest with the most similar images, of any worker."""
    if submission.difference_hash is None:
        return []
    rows = sql.run(
        "reputation/submissions/similar_images",
        quest=submission.quest_id,
        besides=submission.pk,
        hash=submission.difference_hash,
        most_bits=most_bits,
        most=limit,
    )
    return [Similar(row["id"], row["worker_id"], row["status"], row["bits"]) for row in rows]


def count_similar(submission: Submission) -> int:
    """Return how many submissions to the quest have a similar image."""
    return len(similar_images(submission, most_bits=settings.SUBMISSION_SIMILAR_BITS, limit=100))


def same_file_elsewhere(submission: Submission) -> int:
    """Return how many other submissions, to any quest, are this very file."""
    if not submission.sha256:
        return 0
    return Submission.objects.with_upload(submission.sha256).exclude(pk=submission.pk).count()


def record_of_worker(worker_id: UUID) -> dict[str, Any]:
    """Return the numbers of the worker's submissions: in all, by status, and appeals."""
    counted = {status: Count("pk", filter=Q(status=status)) for status in SubmissionStatus.values}
    rows = Submission.objects.filter(worker=worker_id)
    return rows.aggregate(
        submitted=Count("pk"), **counted, appeals=Count("pk", filter=Q(appealed_at__isnull=False))
    )
