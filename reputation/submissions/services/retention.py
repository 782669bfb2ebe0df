"""Deletion of what is not needed any more: images of decided submissions, and proof of workers who have
left."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from audit.log import services as audit
from audit.log.context import SYSTEM
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from reputation.models import Submission
from reputation.signals import submissions_rejected
from reputation.submissions.enums import SubmissionStatus
from reputation.submissions.services import files
from reputation.submissions.services.places import give_back_places

DONE_AT_ONCE = 500
# A file without a row is that of a request which was cut off; a request that is under way is younger.
ORPHAN_AFTER = timedelta(days=1)
LEFT = "worker_left"
_DECIDED = (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED)


def erase_submissions(*, now: datetime | None = None) -> int:
    """Erase the links, hashes and words of workers who have left, and reject what waits of them; return how
    many submissions. Their images go with the others, 90 days (setting) later."""
    at = now or database_now()
    return repeat_batch(lambda: _erase_batch(at), size=DONE_AT_ONCE)


@in_unit
def _erase_batch(now: datetime) -> int:
    gone = Submission.objects.filter(worker__deleted_at__isnull=False, erased_at=None)
    keys = list(gone.order_by("pk").values_list("pk", flat=True)[:DONE_AT_ONCE])
    rows = list(Submission.objects.filter(pk__in=keys, erased_at=None).locked().select_related("quest"))
    give_back_places([row for row in rows if row.status != SubmissionStatus.APPROVED])
    rejected = [row for row in rows if row.status not in _DECIDED]
    for row in rejected:
        _reject_of_leaver(row, now)
    for row in rows:
        row.link = row.sha256 = row.appeal = ""
        row.difference_hash, row.erased_at = None, now
        row.save()
    audit.record_each("submission.erase", rows, now=now)
    if rejected:
        submissions_rejected.send(sender=Submission, submissions=rejected, now=now)
    return len(rows)


def _reject_of_leaver(row: Submission, now: datetime) -> None:
    """Reject the submission, in memory. An image that was not processed goes at once: nobody needs it."""
    if row.upload_name:
        name, row.upload_name = row.upload_name, ""
        transaction.on_commit(lambda: files.delete_files(name))
    row.next_attempt_at = None
    row.status, row.code, row.feedback = SubmissionStatus.REJECTED, LEFT, "the worker has left"
    row.reviewed_by, row.reviewed_at = str(SYSTEM), now


def delete_old_images(*, now: datetime | None = None) -> int:
    """Delete the images of submissions that were decided, or whose worker left, more than 90 days (setting)
    ago, and the files that belong to no submission; return how many."""
    at = now or database_now()
    return repeat_batch(lambda: _delete_batch(at), size=DONE_AT_ONCE) + _delete_orphans(at)


@in_unit
def _delete_batch(now: datetime) -> int:
    until = now - timedelta(days=settings.SUBMISSION_IMAGES_DAYS)
    old = Submission.objects.exclude(upload_name="", image_name="").filter(
        status__in=_DECIDED, reviewed_at__lte=until
    )
    rows = list(old.filter(pk__in=list(old.values_list("pk", flat=True)[:DONE_AT_ONCE])).locked())
    names = [name for row in rows for name in (row.upload_name, row.image_name)]
    for row in rows:
        row.upload_name = row.image_name = ""
        row.images_deleted_at = now
        row.save(update_fields=["upload_name", "image_name", "images_deleted_at", "updated_at"])
    transaction.on_commit(lambda: files.delete_files(*names))
    audit.record_each("submission.delete_images", rows, now=now)
    return len(rows)


def _delete_orphans(now: datetime) -> int:
    found = [
        name
        for folder in (files.UPLOADS, files.IMAGES)
        for name in files.old_files(folder, now - ORPHAN_AFTER)
    ]
    known = Submission.objects.filter(Q(upload_name__in=found) | Q(image_name__in=found))
    used = {name for names in known.values_list("upload_name", "image_name") for name in names}
    orphans = [name for name in found if name not in used]
    files.delete_files(*orphans)
    return len(orphans)
