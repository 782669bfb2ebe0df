"""Rows of money that staff have moved alone (`audit/staff_movements/services.py` has the rule)."""

from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import append_only


class StaffMovement(models.Model):
    """A receiver's sum by an action of a member of staff without a second person. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    staff = models.CharField(max_length=80)
    action = models.CharField(max_length=64)
    receiver_type = models.CharField(max_length=16)
    receiver_id = models.CharField(max_length=64)
    amount = MoneyField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "staff_movements"
        constraints = [
            models.CheckConstraint(
                name="staff_movement_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="staff_movement_names_its_receiver",
                condition=Q(receiver_type__in=["platform", "worker"]) & ~Q(receiver_id=""),
            ),
        ]
        indexes = [
            models.Index(name="staff_movements_person", fields=["staff", "created_at"]),
            models.Index(
                name="staff_movements_receiver", fields=["receiver_type", "receiver_id", "created_at"]
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.action} by {self.staff}: {self.amount} for {self.receiver_type} {self.receiver_id}"
