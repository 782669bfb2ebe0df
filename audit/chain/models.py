from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.states import append_only


class AuditSeal(models.Model):
    """A link of the hash chain over the audit log. It covers the rows whose transaction number is below
    `before_transaction` and not below the previous seal's. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    before_transaction = models.BigIntegerField(unique=True)
    row_count = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "audit_seals"
        constraints = [
            models.CheckConstraint(name="seal_covers_rows", condition=Q(row_count__gt=0)),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"seal {self.pk}: {self.row_count} rows"
