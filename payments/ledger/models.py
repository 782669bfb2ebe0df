from decimal import Decimal
from uuid import UUID

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import append_only
from payments.ledger.entry_kinds import KIND_FORM, LONGEST_NAME, kind_choices
from payments.ledger.enums import (
    ADJUSTABLE,
    HOUSE_ACCOUNTS,
    MAY_GO_BELOW_ZERO,
    PLATFORM_ACCOUNTS,
    WORKER_ACCOUNTS,
    AccountName,
)
from payments.ledger.postings import fact_of_release
from payments.ledger.querysets import LedgerEntryQuerySet
from payments.ledger.subjects import STREAM, Subject, SubjectKind, subject_of
from payments.ledger.vocabulary import RELEASE
from platforms.models import Platform
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule


class Account(models.Model):
    """An account of money. `balance` is credits minus debits, changed only together with an entry.

    Ids are given by `payments.ledger.services.accounts`, one range per kind of account, so that ascending id
    order (the only order in which accounts are ever locked) reaches a platform's and the house's busy rows
    last.
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
        help_text="of its worker, kept here so that the accounts with a payout due are found by an index",
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
        if not self.worker_id and not self.platform_id:
            return f"{self.name} of the house"
        return with_owner(f"{self.name}", self, "worker", "platform")


class LedgerEntry(models.Model):
    """A transfer between two accounts. Never changes; a mistake is corrected by a reversing entry.

    The key says which fact it records: (subject, sequence) for a release, `idempotency_key` for the rest. The
    subject is the row that it belongs to (`payments.ledger.subjects`), the transaction the movement that it
    books, and a part that a rule withheld names the entry of its earning. Subjects and accounts have no
    foreign key: they are rows locked in the same transaction, and checking them for every release would cost
    more than the release. `check_books` looks for orphans.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    kind = models.CharField(max_length=LONGEST_NAME, choices=kind_choices)
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_index=False, db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_index=False, db_constraint=False
    )
    amount = MoneyField()
    subject_kind = models.SmallIntegerField(null=True, blank=True, help_text="kind of row that it belongs to")
    subject_id = models.UUIDField(null=True, blank=True, help_text="row that it belongs to")
    sequence = models.PositiveIntegerField(null=True, blank=True, help_text="of the stream's release")
    idempotency_key = models.CharField(max_length=160, null=True, blank=True)
    transaction = models.ForeignKey(
        "payments.Transaction",
        on_delete=models.PROTECT,
        related_name="entries",
        null=True,
        blank=True,
        db_index=False,
    )
    withheld_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="withheld",
        null=True,
        blank=True,
        db_index=False,
        help_text="earning that this part of it was withheld from",
    )

    objects = models.Manager.from_queryset(LedgerEntryQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "ledger_entries"
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(
                name="ledger_release_once",
                fields=["subject_id", "sequence"],
                condition=Q(sequence__isnull=False),
            ),
            models.UniqueConstraint(
                name="ledger_key_once",
                fields=["idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="ledger_two_accounts", condition=~Q(debit_account=F("credit_account"))
            ),
            models.CheckConstraint(name="ledger_kind_form", condition=Q(kind__regex=KIND_FORM)),
            models.CheckConstraint(
                name="ledger_subject_has_its_kind",
                condition=Q(subject_kind__isnull=True, subject_id__isnull=True)
                | Q(subject_kind__isnull=False, subject_id__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_keyed_by_its_fact",
                condition=Q(
                    kind=RELEASE,
                    subject_kind__isnull=False,
                    subject_kind=STREAM.number,
                    sequence__isnull=False,
                    sequence__gte=1,
                    idempotency_key__isnull=True,
                )
                | Q(~Q(kind=RELEASE), sequence__isnull=True, idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="ledger_withheld_from_an_earlier_entry",
                condition=Q(withheld_from__isnull=True) | Q(withheld_from__lt=F("id")),
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
            models.Index(
                name="ledger_subject",
                fields=["subject_id"],
                condition=Q(subject_id__isnull=False, sequence__isnull=True),
            ),
            models.Index(
                name="ledger_transaction", fields=["transaction"], condition=Q(transaction__isnull=False)
            ),
            models.Index(
                name="ledger_withheld", fields=["withheld_from"], condition=Q(withheld_from__isnull=False)
            ),
            # Entries are written in the order of time, so a few bytes for each run of blocks find a day's.
            BrinIndex(name="ledger_created", fields=["created_at"], pages_per_range=16, autosummarize=True),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def subject(self) -> Subject | None:
        """Row that it belongs to."""
        return subject_of(self.subject_kind, self.subject_id)

    def subject_id_as(self, kind: SubjectKind) -> UUID | None:
        """Return the id of the row that it belongs to if that is of this kind, else None."""
        return self.subject_id if self.subject_kind == kind.number else None

    @property
    def fact(self) -> str:
        """Name of the fact that it records."""
        return self.idempotency_key or fact_of_release(self.subject_id, self.sequence)


_ADJUSTABLE = ", ".join(f"'{name}'" for name in sorted(ADJUSTABLE))


class Adjustment(models.Model):
    """Reason of an adjustment, and the two members of staff who signed it. Never changes."""

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
