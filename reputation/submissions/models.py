import pgtrigger
from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Changing, GuardedQuerySet, is_readable
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import append_only, status_trigger
from reputation.quests.models import Quest, QuestEvent, Reservation
from reputation.submissions.enums import (
    KEEPING_A_PLACE,
    STANDING,
    SUBMISSION_MOVES,
    ProofKind,
    SubmissionStatus,
    Verdict,
)
from reputation.submissions.querysets import SubmissionQuerySet
from workers.models import Worker

LONGEST_LINK = 200
LONGEST_TEXT = 2_000
LONGEST_REVIEWER = 128
_SHA256 = r"^[0-9a-f]{64}$"
_REFUSED = Q(status=SubmissionStatus.REJECTED)
_REVIEWED = Q(status__in=[SubmissionStatus.APPROVED, SubmissionStatus.REJECTED, SubmissionStatus.APPEALED])


class Submission(Changing):
    """A worker's proof for a quest: a link or an image. Approved, it leads to one event of the quest, whose
    id is the proof itself: the SHA-256 of the upload, or the link.

    While it waits, and after a rejection until it can be appealed no more, the worker's place in the quest is
    kept. The file as it was uploaded is never served; the image made of it has no metadata.
    """

    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    proof = models.CharField(max_length=16, choices=ProofKind.choices)
    link = models.CharField(max_length=LONGEST_LINK, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="of the file as it came")
    size = models.PositiveIntegerField(null=True, blank=True, help_text="bytes of the upload")
    upload_name = models.CharField(
        max_length=100, blank=True, help_text="file in the storage, until processed"
    )
    image_name = models.CharField(max_length=100, blank=True, help_text="file in the storage")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    difference_hash = models.BigIntegerField(
        null=True, blank=True, help_text="64 bits, of the image's shades"
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="to process the image")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    images_deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="when the worker had left")
    status = models.CharField(max_length=16, choices=SubmissionStatus.choices)
    feedback = models.TextField(blank=True, help_text="of the reviewer, for the worker")
    code = models.CharField(max_length=40, blank=True, help_text="why the check of the image refused it")
    numbers = models.JSONField(default=dict, blank=True, help_text="the values that decided")
    reviewed_by = models.CharField(max_length=LONGEST_REVIEWER, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    appeal = models.TextField(blank=True, help_text="the worker's words")
    appealed_at = models.DateTimeField(null=True, blank=True)
    reservation = models.OneToOneField(
        Reservation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submission",
        help_text="the place that is kept",
    )
    event = models.OneToOneField(
        QuestEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="submission"
    )

    objects = models.Manager.from_queryset(SubmissionQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "submissions"
        constraints = [
            models.UniqueConstraint(
                name="submission_link_stands_once",
                fields=["quest", "link"],
                condition=Q(status__in=sorted(STANDING)) & ~Q(link=""),
            ),
            models.UniqueConstraint(
                name="submission_file_stands_once",
                fields=["quest", "sha256"],
                condition=Q(status__in=sorted(STANDING)) & ~Q(sha256=""),
            ),
            models.CheckConstraint(name="submission_proof_known", condition=Q(proof__in=ProofKind.values)),
            models.CheckConstraint(
                name="submission_has_its_proof",
                condition=Q(erased_at__isnull=False, link="", sha256="", difference_hash__isnull=True)
                | Q(erased_at__isnull=True, proof=ProofKind.LINK, sha256="", link__startswith="https://")
                | Q(
                    erased_at__isnull=True,
                    proof=ProofKind.IMAGE,
                    link="",
                    sha256__regex=_SHA256,
                    size__isnull=False,
                ),
            ),
            models.CheckConstraint(name="submission_link_readable", condition=is_readable("link")),
            models.CheckConstraint(
                name="submission_received_has_an_upload",
                condition=~Q(status=SubmissionStatus.RECEIVED)
                | (Q(proof=ProofKind.IMAGE, next_attempt_at__isnull=False) & ~Q(upload_name="")),
            ),
            models.CheckConstraint(
                name="submission_deleted_images_are_gone",
                condition=Q(images_deleted_at__isnull=True) | Q(upload_name="", image_name=""),
            ),
            models.CheckConstraint(
                name="submission_status_known", condition=Q(status__in=SubmissionStatus.values)
            ),
            models.CheckConstraint(
                name="submission_reviewed_has_time",
                condition=(_REVIEWED & Q(reviewed_at__isnull=False) & ~Q(reviewed_by=""))
                | (~_REVIEWED & Q(reviewed_at__isnull=True, reviewed_by="")),
            ),
            models.CheckConstraint(
                name="submission_rejected_with_a_reason", condition=~_REFUSED | ~Q(feedback="")
            ),
            models.CheckConstraint(
                name="submission_appealed_in_words",
                condition=(Q(appealed_at__isnull=True, appeal="") & ~Q(status=SubmissionStatus.APPEALED))
                | (Q(appealed_at__isnull=False) & (~Q(appeal="") | Q(erased_at__isnull=False))),
            ),
            models.CheckConstraint(
                name="submission_approved_has_its_event",
                condition=Q(status=SubmissionStatus.APPROVED, event__isnull=False)
                | (~Q(status=SubmissionStatus.APPROVED) & Q(event__isnull=True)),
            ),
            models.CheckConstraint(
                name="submission_that_waits_keeps_its_place",
                condition=~Q(status__in=sorted(KEEPING_A_PLACE)) | Q(reservation__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="submissions_sha256", fields=["sha256"], condition=~Q(sha256="")),
            models.Index(name="submissions_of_a_worker", fields=["worker", "created_at", "id"]),
            models.Index(name="submissions_of_a_quest", fields=["quest", "created_at", "id"]),
            models.Index(name="submissions_created", fields=["created_at", "id"]),
            models.Index(
                name="submissions_to_process",
                fields=["next_attempt_at"],
                condition=Q(status=SubmissionStatus.RECEIVED),
            ),
            models.Index(
                name="submissions_to_review",
                fields=["created_at", "id"],
                condition=Q(status__in=[SubmissionStatus.PENDING, SubmissionStatus.APPEALED]),
            ),
            models.Index(
                name="submissions_with_images",
                fields=["reviewed_at"],
                condition=~Q(upload_name="", image_name=""),
            ),
            models.Index(
                name="submissions_kept_for_appeal",
                fields=["reviewed_at"],
                condition=Q(status=SubmissionStatus.REJECTED, reservation__isnull=False),
            ),
        ]
        triggers = [
            status_trigger(SUBMISSION_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="submitted_as_it_was",
                operation=pgtrigger.UpdateOf("id", "created_at", "quest_id", "worker_id", "proof"),
                condition=pgtrigger.AnyChange("id", "created_at", "quest", "worker", "proof"),
            ),
            pgtrigger.Protect(
                name="appealed_once",
                operation=pgtrigger.UpdateOf("appealed_at"),
                condition=pgtrigger.Q(
                    old__appealed_at__isnull=False, old__appealed_at__df=pgtrigger.F("new__appealed_at")
                ),
            ),
            pgtrigger.Protect(
                name="stays_with_its_event",
                operation=pgtrigger.UpdateOf("event_id"),
                condition=pgtrigger.Q(old__event__isnull=False, old__event__df=pgtrigger.F("new__event")),
            ),
        ]

    def __str__(self) -> str:
        return with_owner("submission", self, "quest", joined_by="to")

    @property
    def fact(self) -> str:
        """The id of the event that it leads to."""
        return self.sha256 or self.link


class SubmissionReview(models.Model):
    """The verdict of a reviewer on a submission. Each reviewer gives one, so that an appeal is decided by
    another than those who rejected, and a large reward is approved by two."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="reviews", db_index=False
    )
    reviewer = models.CharField(max_length=LONGEST_REVIEWER)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    feedback = models.TextField(blank=True)
    of_appeal = models.BooleanField(default=False)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "submission_reviews"
        constraints = [
            models.UniqueConstraint(
                name="submission_reviewed_once_by_each", fields=["submission", "reviewer"]
            ),
            models.CheckConstraint(
                name="submission_review_verdict_known", condition=Q(verdict__in=Verdict.values)
            ),
            models.CheckConstraint(name="submission_review_names_its_reviewer", condition=~Q(reviewer="")),
            models.CheckConstraint(
                name="submission_review_rejects_with_a_reason",
                condition=Q(verdict=Verdict.APPROVE) | ~Q(feedback=""),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"review {self.pk} of submission {self.submission_id}"
