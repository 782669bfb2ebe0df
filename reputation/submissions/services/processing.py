"""Images that were received: read by a program in a process of its own, compared with the quest's others,
and put before a reviewer, or refused."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.context import SYSTEM
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import require_no_transaction, wait_for_lock
from gigstream.core.unit import in_unit
from reputation.models import Submission
from reputation.signals import submissions_rejected
from reputation.submissions.enums import SubmissionStatus
from reputation.submissions.services import files, pictures
from reputation.submissions.services.pictures import Picture, PictureFailed, PictureRefused
from reputation.submissions.services.places import give_back_places
from reputation.submissions.services.reviewing import lock_submission
from reputation.submissions.vocabulary import CHECK, DUPLICATE, UNUSABLE

logger = logging.getLogger(__name__)

# A run ends after so many, so that it stays within the time of a job; the next goes on.
PROCESSED_AT_ONCE = 20
MOST_ATTEMPTS = 5
UNREADABLE, COPIED = "image_unreadable", "image_duplicate"


def process_submissions(*, now: datetime | None = None) -> int:
    """Process the images that wait, the oldest first; return how many were decided on.

    An image whose process dies, or whose worker dies with it, stays received and is tried again, up to five
    times; then it is refused as unreadable.
    """
    done = 0
    for _ in range(PROCESSED_AT_ONCE):
        taken = _take_next(now or database_now())
        if taken is None:
            break
        done += _process(taken, now)
    return done


@in_unit
def _take_next(now: datetime) -> Submission | None:
    """Return the next image and put its next attempt off, so that no other process takes it meanwhile."""
    due = Submission.objects.to_process(now).order_by("next_attempt_at", "pk")
    row = due.select_for_update(skip_locked=True, no_key=True).first()
    if row is None:
        return None
    row.attempts += 1
    # Longer than the program may take.
    lease = timedelta(seconds=60 + 3 * settings.SUBMISSION_PICTURE_SECONDS)
    row.next_attempt_at = now + lease * row.attempts
    row.save(update_fields=["attempts", "next_attempt_at", "updated_at"])
    return row


def _process(taken: Submission, now: datetime | None) -> int:
    """Process an image; return 1 if it was decided on, 0 if it is tried again."""
    require_no_transaction()
    try:
        picture = pictures.make_picture(files.read_file(taken.upload_name))
    except PictureRefused as refused:
        return _refuse(taken.pk, refused, now or database_now())
    except (PictureFailed, OSError) as error:
        logger.warning("the image of submission %s was not processed: %s", taken.pk, error)
        if taken.attempts < MOST_ATTEMPTS:
            return 0
        message = f"the image cannot be read: {taken.attempts} attempts have failed"
        given_up = PictureRefused(UNREADABLE, message, {"attempts": taken.attempts})
        return _refuse(taken.pk, given_up, now or database_now())
    image_name = files.write_file(files.new_name(files.IMAGES), picture.content)
    try:
        is_used = _keep(taken.pk, picture, image_name, now or database_now())
    except BaseException:
        files.delete_files(image_name)
        raise
    if not is_used:
        files.delete_files(image_name)
    return int(is_used)


@in_unit
def _keep(submission_id: UUID, picture: Picture, image_name: str, now: datetime) -> bool:
    """Put the image before a reviewer, or refuse it as a copy; return whether it was still waiting."""
    submission = lock_submission(submission_id)
    if submission.status != SubmissionStatus.RECEIVED:
        return False
    # Of two similar images that are processed at once, the second sees the first.
    wait_for_lock(f"images of quest {submission.quest_id}")
    _drop_upload(submission)
    submission.image_name = image_name
    submission.width, submission.height = picture.width, picture.height
    submission.difference_hash = picture.difference_hash
    bits = _bits_of_original(submission)
    if bits is None:
        submission.status = SubmissionStatus.PENDING
        submission.save()
        audit.record("submission.check", submission, after={"status": submission.status}, now=now)
        return True
    most = settings.SUBMISSION_COPY_BITS
    refused = PictureRefused(
        COPIED,
        f"this image has been handed in before: {bits} of 64 bits differ,"
        f" and images are the same up to {most}",
        {"bits": bits, "most_bits": most},
    )
    _write_refusal(submission, refused, now)
    return True


def _bits_of_original(submission: Submission) -> int | None:
    """Return how many bits differ from the most similar image that stands in the quest, None where none is
    similar enough."""
    rows = sql.run(
        "reputation/submissions/copied_image",
        quest=submission.quest_id,
        besides=submission.pk,
        hash=submission.difference_hash,
        most_bits=settings.SUBMISSION_COPY_BITS,
    )
    return rows[0]["bits"] if rows else None


@in_unit
def _refuse(submission_id: UUID, refused: PictureRefused, now: datetime) -> int:
    submission = lock_submission(submission_id)
    if submission.status != SubmissionStatus.RECEIVED:
        return 0
    _drop_upload(submission)
    # There is no image to appeal about: the worker's place is free for another.
    give_back_places([submission])
    _write_refusal(submission, refused, now)
    return 1


def _write_refusal(submission: Submission, refused: PictureRefused, now: datetime) -> None:
    submission.status = SubmissionStatus.REJECTED
    submission.feedback, submission.code = refused.message, refused.code
    submission.numbers = {name: str(value) for name, value in refused.numbers.items()}
    submission.reviewed_by, submission.reviewed_at = str(SYSTEM), now
    submission.save()
    case = Case(
        subject=submission,
        worker_id=submission.worker_id,
        outcome=DUPLICATE if refused.code == COPIED else UNUSABLE,
        inputs={"quest": submission.quest.slug, "code": refused.code, "numbers": submission.numbers},
        sentence=f"The image is refused: {refused.message}.",
        decided_by=str(SYSTEM),
    )
    decide(CHECK, case, now=now)
    audit.record("submission.check", submission, after={"code": refused.code}, now=now)
    submissions_rejected.send(sender=Submission, submissions=[submission], now=now)


def _drop_upload(submission: Submission) -> None:
    """Delete the file as it came, after the commit: it has the metadata that the image has lost."""
    name, submission.upload_name = submission.upload_name, ""
    submission.next_attempt_at = None
    transaction.on_commit(lambda: files.delete_files(name))
