import pgtrigger
from django.db import models
from django.db.models import Q

from audit.personal_changes.models import PersonalChange as PersonalChange
from audit.staff_movements.models import StaffMovement as StaffMovement
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet


class AnsweredRequest(models.Model):
    """A request of a caller with an idempotency key, and its response, which repetitions get again. Written
    in the transaction of the request; never changes; deleted after a week."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False, db_index=True)
    caller = models.CharField(max_length=64, help_text="kind and id")
    method = models.CharField(max_length=8)
    path = models.TextField()
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of the request's content")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "answered_requests"
        constraints = [
            models.UniqueConstraint(name="request_answered_once", fields=["caller", "method", "path", "key"]),
            models.CheckConstraint(
                name="request_answer_is_a_success", condition=Q(status__gte=200, status__lt=300)
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
