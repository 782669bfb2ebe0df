from django.db import models
from django.db.models import Q

from audit.approvals.models import Approval
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only


class LimitChange(models.Model):
    """A value of a limit from a time on: the newest row holds. Never changes."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64)
    value = models.CharField(
        max_length=32, null=True, blank=True, help_text="empty: the value of the environment, or its default"
    )
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    approval = models.ForeignKey(
        Approval, on_delete=models.PROTECT, null=True, blank=True, related_name="limit_changes"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "limit_changes"
        constraints = [
            models.CheckConstraint(
                name="limit_set_with_an_approval",
                condition=Q(value__isnull=True) | Q(approval__isnull=False),
            ),
        ]
        indexes = [models.Index(name="limit_changes_newest", fields=["name", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name
