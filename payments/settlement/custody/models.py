from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from platforms.models import Platform
from workers.models import Worker


class WalletOrder(models.Model):
    """Order of a custody wallet that the provider makes for a worker or a platform, under a key derived from
    its owner. Open until `made_at`. A platform's address stays here when the platform has left, so that money
    that arrives there later is still noticed."""

    key = models.UUIDField(primary_key=True, editable=False)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.OneToOneField(
        Worker, on_delete=models.CASCADE, related_name="wallet_order", null=True, blank=True
    )
    platform = models.OneToOneField(
        Platform, on_delete=models.SET_NULL, related_name="wallet_order", null=True, blank=True
    )
    owner = models.CharField(max_length=64, help_text="as the provider knows the owner: kind and id")
    address = models.CharField(
        max_length=42, blank=True, db_index=True, help_text="of a platform's wallet; a worker's is personal"
    )
    calls = models.PositiveIntegerField(default=0, help_text="to the provider so far")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="when a job may next take it up; doubles as the job's lease"
    )
    error_message = models.TextField(blank=True)
    made_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "wallet_orders"
        constraints = [
            models.CheckConstraint(
                name="wallet_order_for_one",
                condition=Q(worker__isnull=True) | Q(platform__isnull=True),
            ),
            models.CheckConstraint(
                name="wallet_order_made_waits_for_nothing",
                condition=Q(made_at__isnull=True) | Q(next_attempt_at__isnull=True),
            ),
            models.CheckConstraint(
                name="wallet_order_address_of_no_worker",
                condition=Q(worker__isnull=True) | Q(address=""),
            ),
            models.CheckConstraint(
                name="wallet_order_address_lower_case", condition=Q(address=Lower("address"))
            ),
        ]
        indexes = [
            models.Index(
                name="wallet_orders_open",
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"wallet of {self.owner}"
