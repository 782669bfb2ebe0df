import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import CommonQuerySet


class Claim(models.Model):
    """The claim of a member of staff on an item of a queue, so that no two work on the same. It ends when
    they give the item back, when another takes it over, or when the item no longer waits."""

    id = models.BigAutoField(primary_key=True)
    subject_type = models.CharField(max_length=32, help_text="type of the item, as in the audit log")
    subject_id = models.CharField(max_length=64)
    claimed_by = models.CharField(max_length=64, help_text="id of the member of staff")
    claimed_at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="why it was taken over from another")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(
        max_length=64, blank=True, help_text="id of the member of staff; empty when the item was decided"
    )

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "claims"
        constraints = [
            models.UniqueConstraint(
                name="claim_open_once",
                fields=["subject_type", "subject_id"],
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="claim_names_its_subject_and_staff",
                condition=~Q(subject_type="") & ~Q(subject_id="") & ~Q(claimed_by=""),
            ),
            models.CheckConstraint(
                name="claim_ends_after_it_began",
                condition=Q(ended_at__isnull=True, ended_by="")
                | Q(ended_at__isnull=False, ended_at__gte=F("claimed_at")),
            ),
        ]
        indexes = [models.Index(name="claims_subject", fields=["subject_type", "subject_id", "claimed_at"])]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_ends",
                operation=pgtrigger.UpdateOf("subject_type", "subject_id", "claimed_by", "claimed_at"),
            ),
            pgtrigger.Protect(
                name="never_changes_once_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"
