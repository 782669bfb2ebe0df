"""Raw events on their way into a store of their own, and where they are read."""

from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only
from platforms.usage.models.receipts import UsageReceipt
from platforms.usage.store.enums import StoreMode


class UsageStoreBatch(models.Model):
    """The events of a batch or correction that wait to be written to the store. The row goes once the store
    has counted them back."""

    id = models.BigAutoField(primary_key=True)
    receipt = models.OneToOneField(UsageReceipt, on_delete=models.PROTECT, related_name="store_batch")
    events = models.PositiveIntegerField()
    content = models.BinaryField(help_text="a version of an event in each line, as JSON, in gzip")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "usage_store_batches"
        verbose_name_plural = "usage store batches"
        constraints = [
            models.CheckConstraint(name="store_batch_has_events", condition=Q(events__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.events} events"


class UsageStoreSwitch(models.Model):
    """A change of the place of raw events. The newest holds; before the first it is PostgreSQL alone."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    mode = models.CharField(max_length=16, choices=StoreMode.choices)
    decided_by = models.CharField(max_length=80)
    reason = models.TextField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "usage_store_switches"
        verbose_name_plural = "usage store switches"
        constraints = [
            models.CheckConstraint(name="store_mode_known", condition=Q(mode__in=StoreMode.values)),
            models.CheckConstraint(
                name="store_switch_has_a_reason", condition=~Q(reason="") & ~Q(decided_by="")
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return StoreMode(self.mode).label
