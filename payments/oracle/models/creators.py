from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import Q

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.ids import new_id
from gigstream.core.models import Changing, GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import loaded_name, with_owner
from payments.oracle.calculations import CreatorNumbers
from payments.oracle.models.operations import ChainOperation
from platforms.models import CreatorProfile


class OperationCreator(models.Model):
    """A creator in an operation, with the address and the numbers that are written. The address is gone once
    the creator has left."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    operation = models.ForeignKey(
        ChainOperation, on_delete=models.CASCADE, related_name="creators", db_index=False
    )
    creator = models.ForeignKey(CreatorProfile, on_delete=models.PROTECT, related_name="chain_operations")
    position = models.PositiveIntegerField()
    address = EncryptedTextField(blank=True, help_text="encrypted at rest")
    plays = models.PositiveBigIntegerField(null=True, blank=True)
    followers = models.PositiveBigIntegerField(null=True, blank=True)
    likes = models.PositiveBigIntegerField(null=True, blank=True)
    listeners = models.PositiveBigIntegerField(null=True, blank=True)
    revenue = MoneyField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "chain_operation_creators"
        constraints = [
            models.UniqueConstraint(name="operation_creator_once", fields=["operation", "creator"]),
            models.UniqueConstraint(name="operation_position_once", fields=["operation", "position"]),
            models.CheckConstraint(
                name="operation_numbers_as_a_whole",
                condition=Q(
                    plays__isnull=True,
                    followers__isnull=True,
                    likes__isnull=True,
                    listeners__isnull=True,
                    revenue__isnull=True,
                )
                | Q(
                    plays__isnull=False,
                    followers__isnull=False,
                    likes__isnull=False,
                    listeners__isnull=False,
                    revenue__isnull=False,
                    revenue__gte=0,
                ),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="keeps_its_numbers",
                operation=pgtrigger.UpdateOf("plays", "followers", "likes", "listeners", "revenue"),
                condition=pgtrigger.AnyChange("plays", "followers", "likes", "listeners", "revenue"),
            ),
        ]

    def __str__(self) -> str:
        return loaded_name(self, "creator") or "creator"

    @property
    def numbers(self) -> CreatorNumbers:
        """The numbers that are written."""
        return CreatorNumbers(
            self.plays or 0,
            self.followers or 0,
            self.likes or 0,
            self.listeners or 0,
            self.revenue or Decimal(0),
        )


class CreatorSync(Changing):
    """A creator's numbers as the chain was last seen to show them, and the operation under way that writes
    newer ones: there is one at most."""

    creator = models.OneToOneField(CreatorProfile, on_delete=models.PROTECT, related_name="chain_sync")
    operation = models.ForeignKey(
        ChainOperation,
        on_delete=models.PROTECT,
        related_name="syncs_under_way",
        null=True,
        blank=True,
        help_text="under way",
    )
    confirmed_by = models.ForeignKey(
        ChainOperation,
        on_delete=models.PROTECT,
        related_name="syncs_confirmed",
        null=True,
        blank=True,
        db_index=False,
    )
    address_hash = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        help_text="keyed hash of the address on the chain; empty once the creator has left",
    )
    plays = models.PositiveBigIntegerField(default=0)
    followers = models.PositiveBigIntegerField(default=0)
    likes = models.PositiveBigIntegerField(default=0)
    listeners = models.PositiveBigIntegerField(default=0)
    revenue = MoneyField(default=Decimal(0))
    synced_at = models.DateTimeField(null=True, blank=True)
    differs_at = models.DateTimeField(
        null=True, blank=True, help_text="when the chain was found to show other numbers"
    )
    left_out = models.CharField(
        max_length=120, blank=True, default="", help_text="why the last run did not write the numbers"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "creator_syncs"
        constraints = [
            # Two creators of a platform would overwrite each other's numbers.
            models.UniqueConstraint(name="creator_sync_address_once", fields=["address_hash"]),
            models.CheckConstraint(
                name="creator_sync_confirmed_as_a_whole",
                condition=Q(confirmed_by__isnull=True, synced_at__isnull=True)
                | Q(confirmed_by__isnull=False, synced_at__isnull=False),
            ),
            models.CheckConstraint(name="creator_sync_revenue_not_negative", condition=Q(revenue__gte=0)),
        ]

    def __str__(self) -> str:
        return with_owner("numbers", self, "creator")

    @property
    def numbers(self) -> CreatorNumbers:
        """The numbers that the chain was last seen to show."""
        return CreatorNumbers(self.plays, self.followers, self.likes, self.listeners, self.revenue)
