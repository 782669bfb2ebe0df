from decimal import Decimal

from django.db import models
from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, ZERO, MoneyField
from gigstream.core.people.row_names import with_owner
from reputation.quests.models.quests import Quest
from workers.models import Worker


class QuestOutflow(models.Model):
    """Rewards of a quest in an hour (UTC): their number and sum, in USDC without the fee, or in points."""

    id = models.BigAutoField(primary_key=True)
    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="outflows", db_index=False)
    hour = models.DateTimeField(help_text="when it begins")
    granted = MoneyField(default=ZERO)
    events = models.PositiveIntegerField(default=0)
    is_reached = models.BooleanField(
        default=False, help_text="whether an event waits for the next hour, and all later ones with it"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_outflows"
        constraints = [
            models.UniqueConstraint(name="quest_outflow_once_an_hour", fields=["quest", "hour"]),
            models.CheckConstraint(
                name="quest_outflow_not_negative", condition=Q(granted__gte=0, granted__lte=LARGEST)
            ),
        ]

    def __str__(self) -> str:
        return f"{with_owner(str(self.granted), self, 'quest')} from {self.hour}"

    def amount_text(self, amount: Decimal) -> str:
        """Return an amount of it with its unit."""
        return self.quest.amount_text(amount)


class WorkerOutflow(models.Model):
    """USDC that quests have granted a worker on a date (UTC), all quests together."""

    id = models.BigAutoField(primary_key=True)
    worker = models.ForeignKey(
        Worker, on_delete=models.PROTECT, related_name="quest_outflows", db_index=False
    )
    date = models.DateField()
    granted = MoneyField(default=ZERO)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_worker_outflows"
        constraints = [
            models.UniqueConstraint(name="worker_outflow_once_a_day", fields=["worker", "date"]),
            models.CheckConstraint(
                name="worker_outflow_not_negative", condition=Q(granted__gte=0, granted__lte=LARGEST)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.granted} on {self.date}"
