from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import status_trigger
from reputation.quests.enums import RESERVATION_MOVES, ReservationStatus
from reputation.quests.models.quests import Quest
from reputation.quests.querysets import ReservationQuerySet
from workers.models import Worker


class QuestCount(models.Model):
    """Number of places of a quest that a worker has taken in a period, with events and with reservations."""

    id = models.BigAutoField(primary_key=True)
    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="counts", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="quest_counts", db_index=False)
    period_date = models.DateField(null=True, blank=True, help_text="of a daily quest")
    n = models.PositiveIntegerField(default=0)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_counts"
        constraints = [
            models.UniqueConstraint(
                name="quest_counted_once",
                fields=["worker", "quest", "period_date"],
                nulls_distinct=False,
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return with_owner(f"{self.n}", self, "quest")


class Reservation(Common):
    """A place in a quest, with its money, that is kept for a worker until the lease is over."""

    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="reservations", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="reservations", db_index=False)
    period_date = models.DateField(null=True, blank=True, help_text="of a daily quest")
    amount = MoneyField()
    status = models.CharField(
        max_length=16, choices=ReservationStatus.choices, default=ReservationStatus.OPEN
    )
    expires_at = models.DateTimeField()
    handed_in_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when proof was handed in; the lease does not end before it is decided",
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(ReservationQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_reservations"
        constraints = [
            models.UniqueConstraint(
                name="reservation_one_open_per_worker",
                fields=["worker", "quest"],
                condition=Q(status=ReservationStatus.OPEN),
            ),
            models.CheckConstraint(
                name="reservation_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="reservation_status_known", condition=Q(status__in=ReservationStatus.values)
            ),
            models.CheckConstraint(
                name="reservation_ended_has_time",
                condition=Q(status=ReservationStatus.OPEN, ended_at__isnull=True)
                | (~Q(status=ReservationStatus.OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="reservation_lasts_a_while", condition=Q(expires_at__gt=F("created_at"))
            ),
            models.CheckConstraint(
                name="reservation_with_proof_does_not_expire",
                condition=Q(handed_in_at__isnull=True) | ~Q(status=ReservationStatus.EXPIRED),
            ),
        ]
        indexes = [
            models.Index(
                name="reservations_to_expire",
                fields=["expires_at"],
                condition=Q(status=ReservationStatus.OPEN),
            ),
            models.Index(name="reservations_of_a_quest", fields=["quest", "created_at"]),
            models.Index(name="reservations_of_a_worker", fields=["worker", "created_at"]),
        ]
        triggers = [
            status_trigger(RESERVATION_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="reserved_as_it_was",
                operation=pgtrigger.UpdateOf("quest_id", "worker_id", "period_date", "amount", "expires_at"),
            ),
        ]

    def __str__(self) -> str:
        return with_owner("reservation", self, "quest", "worker")

    def amount_text(self, amount: Decimal) -> str:
        """Return an amount of it with its unit."""
        return self.quest.amount_text(amount)
