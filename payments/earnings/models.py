from django.db import models

from gigstream.core.models import GuardedQuerySet
from gigstream.core.states import append_only
from payments.ledger.models import LedgerEntry
from platforms.models import WorkEvent


class ReportedEarning(models.Model):
    """Entry of the pay that a platform's report of work has led to. Never changes."""

    id = models.BigAutoField(primary_key=True)
    work_event = models.ForeignKey(
        WorkEvent, on_delete=models.PROTECT, related_name="earnings", db_index=False
    )
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="reports", db_index=False)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "reported_earnings"
        constraints = [
            models.UniqueConstraint(name="work_event_pays_one_entry", fields=["work_event"]),
            models.UniqueConstraint(name="entry_pays_for_one_work_event", fields=["entry"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"entry {self.entry_id} for work event {self.work_event_id}"
