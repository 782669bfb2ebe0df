from decimal import Decimal

from django.db import models
from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.states import append_only
from payments.ledger.models import LedgerEntry
from platforms.models import Platform, WorkEvent


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


class PlatformRewards(models.Model):
    """Sums of all rewards that a platform has paid: bonuses of its tasks and rewards of its quests, with the
    fees on them. Derived: written only with the rewards, so that a summary need not read these; a platform
    without rewards has no row."""

    platform = models.OneToOneField(
        Platform, on_delete=models.CASCADE, primary_key=True, related_name="rewards"
    )
    bonus_amount = MoneyField(default=Decimal(0), help_text="to workers on top of their tasks' pay")
    bonus_fee = MoneyField(default=Decimal(0), help_text="taken on these, on all bonuses of a task together")
    quest_amount = MoneyField(default=Decimal(0), help_text="to workers as rewards of quests")
    quest_fee = MoneyField(default=Decimal(0), help_text="taken on these")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "platform_rewards"
        verbose_name_plural = "platform rewards"
        constraints = [
            models.CheckConstraint(
                name="platform_rewards_not_negative",
                condition=Q(bonus_amount__gte=0, bonus_fee__gte=0, quest_amount__gte=0, quest_fee__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"rewards of {self.platform_id}"
