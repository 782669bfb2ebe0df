"""Parts of earnings that workers' payouts have taken, and holds on money."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Common, CommonQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import append_only
from payments.ledger.models import Account, LedgerEntry
from payments.settlement.payouts.enums import HoldEnd, PayoutHoldKind
from payments.settlement.transactions.models import Transaction
from platforms.models import Platform
from workers.models import Worker


class CoveredParts(models.Model):
    """A run of a worker's earnings that a debit of their available money took: all of each of them, or, where
    the run is a single earning, `amount` of it. Only `given_back` changes, once: when the payout is void."""

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="covers")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_part = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_part = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = MoneyField()
    given_back = models.BooleanField(default=False)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "covered_parts"
        verbose_name_plural = "covered parts"
        constraints = [
            models.CheckConstraint(
                name="covered_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="covered_in_order", condition=Q(first_part__lte=F("last_part"))),
            models.UniqueConstraint(name="covered_once_by_an_entry", fields=["entry", "first_part"]),
        ]
        indexes = [
            models.Index(
                name="covered_parts_of_an_account",
                fields=["account", "last_part"],
                condition=Q(given_back=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="what_is_covered_is_fixed",
                operation=pgtrigger.UpdateOf(
                    "id", "entry_id", "account_id", "first_part_id", "last_part_id", "amount"
                ),
            ),
            pgtrigger.Protect(
                name="given_back_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__given_back=True),
            ),
        ]

    def __str__(self) -> str:
        return f"parts {self.first_part_id} to {self.last_part_id}"


class PayoutHoldQuerySet(CommonQuerySet):
    def open(self) -> Self:
        """Return the holds that keep money now."""
        return self.filter(ended_at=None)


class PayoutHold(Common):
    """Money of a worker, or of a platform, that does not leave while the hold is open: everything, or an
    amount, which for a worker consists of named parts. Changes only by its end."""

    short_number = ShortNumberField("payout_holds")
    reference = reference_field(Value("HO"))
    worker = models.ForeignKey(
        Worker, on_delete=models.PROTECT, related_name="payout_holds", null=True, blank=True
    )
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="payout_holds", null=True, blank=True
    )
    kind = models.CharField(max_length=16, choices=PayoutHoldKind.choices)
    amount = MoneyField(null=True, blank=True, help_text="everything where there is none")
    payout = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        related_name="holds",
        null=True,
        blank=True,
        help_text="the payout that it came from",
    )
    reason = models.TextField(help_text="shown to the owner of the money")
    created_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="ends by itself then; never without")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=64, blank=True)
    ended_because = models.CharField(max_length=16, choices=HoldEnd.choices, blank=True)

    objects = models.Manager.from_queryset(PayoutHoldQuerySet)()

    class Meta:
        db_table = "payout_holds"
        constraints = [
            models.CheckConstraint(
                name="payout_hold_keeps_one_partys_money",
                condition=Q(worker__isnull=False, platform__isnull=True)
                | Q(worker__isnull=True, platform__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_hold_kind_known",
                condition=Q(kind=PayoutHoldKind.STAFF)
                | Q(kind=PayoutHoldKind.FAILED, worker__isnull=False, payout__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_hold_amount_positive",
                condition=Q(amount__isnull=True) | Q(amount__gt=0, amount__lte=LARGEST),
            ),
            models.CheckConstraint(name="payout_hold_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="payout_hold_expires_after_it_was_made",
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
            ),
            models.CheckConstraint(
                name="payout_hold_ends_once",
                condition=Q(ended_at__isnull=True, ended_by="", ended_because="")
                | (Q(ended_at__isnull=False, ended_because__in=HoldEnd.values) & ~Q(ended_by="")),
            ),
            models.CheckConstraint(
                name="payout_hold_ended_by_a_second_person",
                condition=~Q(ended_because=HoldEnd.STAFF, ended_by=F("created_by")),
            ),
            models.UniqueConstraint(
                name="payout_hold_of_everything_once_per_worker",
                fields=["worker", "kind"],
                condition=Q(worker__isnull=False, amount__isnull=True, ended_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="payout_hold_of_everything_once_per_platform",
                fields=["platform"],
                condition=Q(platform__isnull=False, amount__isnull=True, ended_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                name="payout_holds_open",
                fields=["created_at"],
                condition=Q(ended_at__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="what_is_held_is_fixed",
                operation=pgtrigger.UpdateOf(
                    "id", "worker_id", "platform_id", "kind", "amount", "payout_id", "reason", "created_by"
                ),
            ),
            pgtrigger.Protect(
                name="ended_stays_ended",
                operation=pgtrigger.UpdateOf("ended_at", "ended_by", "ended_because", "expires_at"),
                condition=pgtrigger.Q(old__ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return with_owner(f"hold {self.reference}", self, "worker", "platform", joined_by="on money of")


class PayoutHoldPart(models.Model):
    """Amount of an earning that a hold keeps. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    hold = models.ForeignKey(PayoutHold, on_delete=models.PROTECT, related_name="parts", db_index=False)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = MoneyField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "payout_hold_parts"
        constraints = [
            models.UniqueConstraint(name="payout_hold_names_a_part_once", fields=["hold", "entry"]),
            models.CheckConstraint(
                name="payout_hold_part_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"part {self.entry_id}"
