from decimal import Decimal

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from gigstream.lib.models import GuardedQuerySet
from gigstream.lib.money import LARGEST, MoneyField
from gigstream.lib.states import append_only
from payments.enums import (
    ADJUSTABLE,
    HOUSE_ACCOUNTS,
    MAY_GO_BELOW_ZERO,
    PLATFORM_ACCOUNTS,
    WORKER_ACCOUNTS,
    AccountName,
    EntryKind,
)
from platforms.models import Platform, Task, WorkEvent
from workers.enums import PayoutSchedule
from workers.models import Worker


class Account(models.Model):
    """One place where money can be. `balance` is credits minus debits, changed only together with an entry.

    Ids are given by `payments.services.accounts`, one range per kind of account, so that ascending id order
    (the only order in which accounts are ever locked) reaches a platform's and the house's busy rows last.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=16, choices=AccountName.choices)
    worker = models.ForeignKey(
        Worker, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False
    )
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False
    )
    may_go_below_zero = models.BooleanField()
    balance = MoneyField(default=Decimal(0))
    oldest_part_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when the oldest part that is neither paid out nor held was earned; payouts are due by it",
    )
    negative_since = models.DateTimeField(
        null=True, blank=True, help_text="since when the balance has been below zero; finds who owes"
    )
    payout_count = models.PositiveIntegerField(
        default=0, help_text="payouts ever taken from here; numbers their idempotency keys"
    )
    payout_schedule = models.CharField(
        max_length=16,
        choices=PayoutSchedule.choices,
        null=True,
        blank=True,
        help_text="its worker's, kept here so that the accounts with a payout due are found by an index",
    )
    pay_at_once = models.BooleanField(
        default=False,
        db_default=False,
        help_text="pay that is paid out at once has brought the balance to the payout minimum",
    )
    parts_from = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="every credit entry with a lower id is paid out in full",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "accounts"
        constraints = [
            models.UniqueConstraint(
                name="account_once_per_worker", fields=["worker", "name"], condition=Q(worker__isnull=False)
            ),
            models.UniqueConstraint(
                name="account_once_per_platform",
                fields=["platform", "name"],
                condition=Q(platform__isnull=False),
            ),
            models.UniqueConstraint(
                name="account_once_in_the_house",
                fields=["name"],
                condition=Q(worker__isnull=True, platform__isnull=True),
            ),
            models.CheckConstraint(
                name="account_belongs_to_its_owner",
                condition=Q(worker__isnull=False, platform__isnull=True, name__in=sorted(WORKER_ACCOUNTS))
                | Q(worker__isnull=True, platform__isnull=False, name__in=sorted(PLATFORM_ACCOUNTS))
                | Q(worker__isnull=True, platform__isnull=True, name__in=sorted(HOUSE_ACCOUNTS)),
            ),
            models.CheckConstraint(
                name="account_negative_only_by_kind",
                condition=Q(may_go_below_zero=True, name__in=sorted(MAY_GO_BELOW_ZERO))
                | (Q(may_go_below_zero=False) & ~Q(name__in=sorted(MAY_GO_BELOW_ZERO))),
            ),
            models.CheckConstraint(
                name="account_not_overdrawn",
                condition=(Q(may_go_below_zero=True) | Q(balance__gte=0)) & Q(balance__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="account_signs_since_match",
                condition=Q(balance__gte=0, negative_since__isnull=True)
                | Q(balance__lt=0, negative_since__isnull=False),
            ),
            models.CheckConstraint(
                name="account_schedule_of_a_workers_money",
                condition=Q(
                    worker__isnull=False,
                    name=AccountName.AVAILABLE,
                    payout_schedule__isnull=False,
                    payout_schedule__in=PayoutSchedule.values,
                )
                | (~Q(worker__isnull=False, name=AccountName.AVAILABLE) & Q(payout_schedule__isnull=True)),
            ),
            models.CheckConstraint(
                name="account_oldest_part_of_a_workers_money",
                condition=Q(oldest_part_at__isnull=True) | Q(payout_schedule__isnull=False, balance__gt=0),
            ),
        ]
        indexes = [
            # The balance stays out of every index and predicate, or each release would write to all of them.
            models.Index(
                name="accounts_waiting_for_payout",
                fields=["payout_schedule", "oldest_part_at"],
                condition=Q(oldest_part_at__isnull=False),
            ),
            models.Index(name="accounts_to_pay_at_once", fields=["id"], condition=Q(pay_at_once=True)),
            models.Index(
                name="accounts_owing",
                fields=["worker"],
                condition=Q(name=AccountName.LOAN, negative_since__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="identity_fixed",
                operation=pgtrigger.UpdateOf("id", "name", "worker_id", "platform_id", "may_go_below_zero"),
            ),
        ]

    def __str__(self) -> str:
        owner = self.worker_id or self.platform_id or "house"
        return f"{self.name} of {owner}"


class LedgerEntry(models.Model):
    """One transfer between two accounts. Never changes; a mistake is corrected by a reversing entry.

    The key says which fact it records: (stream, sequence) for a release, `idempotency_key` for the rest.
    The foreign keys marked `db_constraint=False` are filled only from rows locked in the same transaction;
    `check_books` looks for orphans. Checking them for every release would cost more than the release.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=24, choices=EntryKind.choices)
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_index=False, db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_index=False, db_constraint=False
    )
    amount = MoneyField()
    stream = models.ForeignKey(
        "payments.Stream",
        on_delete=models.PROTECT,
        related_name="entries",
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
    )
    sequence = models.PositiveIntegerField(null=True, blank=True, help_text="of the stream's release")
    idempotency_key = models.CharField(max_length=160, null=True, blank=True)
    task = models.ForeignKey(
        Task, on_delete=models.PROTECT, related_name="entries", null=True, blank=True, db_index=False
    )
    transaction = models.ForeignKey(
        "payments.Transaction",
        on_delete=models.PROTECT,
        related_name="entries",
        null=True,
        blank=True,
        db_index=False,
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="entries", null=True, blank=True, db_index=False
    )
    work_event = models.ForeignKey(
        WorkEvent, on_delete=models.PROTECT, related_name="entries", null=True, blank=True, db_index=False
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "ledger_entries"
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(
                name="ledger_release_once",
                fields=["stream", "sequence"],
                condition=Q(sequence__isnull=False),
            ),
            models.UniqueConstraint(
                name="ledger_key_once",
                fields=["idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
            ),
            models.UniqueConstraint(
                name="ledger_event_pays_once",
                fields=["work_event"],
                condition=Q(work_event__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="ledger_two_accounts", condition=~Q(debit_account=F("credit_account"))
            ),
            models.CheckConstraint(name="ledger_kind_known", condition=Q(kind__in=EntryKind.values)),
            models.CheckConstraint(
                name="ledger_keyed_by_its_fact",
                condition=Q(
                    kind=EntryKind.RELEASE,
                    stream__isnull=False,
                    sequence__isnull=False,
                    sequence__gte=1,
                    idempotency_key__isnull=True,
                )
                | Q(~Q(kind=EntryKind.RELEASE), sequence__isnull=True, idempotency_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="ledger_credits", fields=["credit_account", "id"]),
            # A release always debits an escrow account and is found through its stream.
            models.Index(
                name="ledger_debits",
                fields=["debit_account", "id"],
                condition=Q(sequence__isnull=True),
            ),
            models.Index(name="ledger_task", fields=["task"], condition=Q(task__isnull=False)),
            models.Index(
                name="ledger_transaction", fields=["transaction"], condition=Q(transaction__isnull=False)
            ),
            models.Index(name="ledger_loan", fields=["loan"], condition=Q(loan__isnull=False)),
            # Entries are written in the order of time, so a few bytes for each run of blocks find a day's.
            BrinIndex(name="ledger_created", fields=["created_at"], pages_per_range=16, autosummarize=True),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


_ADJUSTABLE = ", ".join(f"'{name}'" for name in sorted(ADJUSTABLE))


class Adjustment(models.Model):
    """Why staff posted an entry by hand, and which two of them did. Never changes."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    requested_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    reason = models.TextField()

    class Meta:
        db_table = "adjustments"
        constraints = [
            models.CheckConstraint(
                name="adjustment_by_two_people", condition=~Q(requested_by=F("approved_by"))
            ),
            models.CheckConstraint(name="adjustment_has_a_reason", condition=~Q(reason="")),
        ]
        triggers = [
            append_only(),
            pgtrigger.Trigger(
                name="between_adjustable_accounts",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                    IF EXISTS (
                        SELECT FROM ledger_entries e
                        JOIN accounts a ON a.id IN (e.debit_account_id, e.credit_account_id)
                        WHERE e.id = NEW.entry_id AND a.name NOT IN ({_ADJUSTABLE})
                    ) THEN
                        RAISE EXCEPTION 'adjustment_between_adjustable_accounts'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"
