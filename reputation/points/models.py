import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from platforms.models import Platform
from reputation.points.enums import PointsKind
from reputation.scores.models import ERASING_WORKER
from workers.models import Worker

# Redis keeps scores as doubles, which hold whole numbers exactly up to here.
LARGEST_BALANCE = 2**53


class PointsEntry(models.Model):
    """A change of a worker's points with an owner. Never changes; a mistake is corrected by a reversal.

    Entries are numbered while their balance is locked, so that those of a balance stand in the order of their
    ids. An entry goes only when its worker is deleted.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="points_entries", db_index=False
    )
    platform = models.ForeignKey(
        Platform,
        on_delete=models.PROTECT,
        related_name="points_entries",
        null=True,
        blank=True,
        db_index=False,
        help_text="owner of the points; empty for the house",
    )
    kind = models.CharField(max_length=16, choices=PointsKind.choices)
    amount = models.BigIntegerField(help_text="whole points; below zero takes points")
    balance_after = models.BigIntegerField(editable=False)
    earned_at = models.DateTimeField(
        help_text="period of leaderboards to which it counts: of a reversal that of the reversed entry"
    )
    reason = models.TextField()
    quest_event_id = models.BigIntegerField(
        null=True, blank=True, help_text="event of a quest that made the entry"
    )
    reverses = models.ForeignKey(
        "self",
        on_delete=models.RESTRICT,
        related_name="reversals",
        null=True,
        blank=True,
        db_index=False,
        help_text="entry that this reverses",
    )
    requested_by = models.CharField(max_length=80, blank=True, help_text="of a reversal")
    approved_by = models.CharField(max_length=80, blank=True, help_text="of a reversal")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "points_entries"
        verbose_name_plural = "points entries"
        constraints = [
            models.UniqueConstraint(
                name="points_once_per_event",
                fields=["quest_event_id"],
                condition=Q(quest_event_id__isnull=False),
            ),
            models.UniqueConstraint(
                name="points_reversed_once", fields=["reverses"], condition=Q(reverses__isnull=False)
            ),
            models.CheckConstraint(
                name="points_entry_has_one_source",
                condition=Q(kind=PointsKind.GRANT, quest_event_id__isnull=False, reverses__isnull=True)
                | Q(kind=PointsKind.REVERSAL, quest_event_id__isnull=True, reverses__isnull=False)
                | Q(
                    kind=PointsKind.CLOSING,
                    quest_event_id__isnull=True,
                    reverses__isnull=True,
                    amount__lt=0,
                    balance_after=0,
                ),
            ),
            models.CheckConstraint(
                name="points_entry_not_overdrawn", condition=Q(balance_after__range=(0, LARGEST_BALANCE))
            ),
            models.CheckConstraint(name="points_entry_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="points_reversal_by_two_people",
                condition=Q(kind=PointsKind.REVERSAL)
                & ~Q(requested_by="")
                & ~Q(approved_by="")
                & ~Q(requested_by=F("approved_by"))
                | ~Q(kind=PointsKind.REVERSAL) & Q(requested_by="", approved_by=""),
            ),
            models.CheckConstraint(
                name="points_reversal_of_an_earlier_entry",
                condition=Q(reverses__isnull=True) | Q(reverses__lt=F("id")),
            ),
        ]
        indexes = [
            models.Index(name="points_entries_worker", fields=["worker", "created_at", "id"]),
            models.Index(name="points_entries_recent", fields=["-created_at", "-id"]),
            models.Index(name="points_entries_period", fields=["platform", "earned_at"]),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            # An event has one reward: its kind is fixed, and an event of points has no entry of the ledger.
            # All rows of a statement are looked up together.
            pgtrigger.Trigger(
                name="never_beside_a_payout",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="made"),
                declare=[("paid_event_id", "bigint")],
                func="""
                    SELECT min(v.id) INTO paid_event_id
                    FROM made m JOIN quest_events v ON v.id = m.quest_event_id
                    WHERE v.reward_kind <> 'points';
                    IF paid_event_id IS NOT NULL THEN
                        RAISE EXCEPTION 'event % of a quest is paid in USDC', paid_event_id;
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="goes_only_with_its_worker",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF current_setting('{ERASING_WORKER}', true) = OLD.worker_id::text THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'entries of points are append-only';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+d}"


class PointsBalance(models.Model):
    """The points that a worker has with an owner: the sum of their entries, changed only together with
    one."""

    id = models.BigAutoField(primary_key=True)
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="points_balances", db_index=False
    )
    platform = models.ForeignKey(
        Platform,
        on_delete=models.PROTECT,
        related_name="points_balances",
        null=True,
        blank=True,
        db_index=False,
        help_text="owner of the points; empty for the house",
    )
    balance = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=DatabaseNow(), help_text="when its last entry was booked")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "points_balances"
        constraints = [
            models.UniqueConstraint(
                name="points_balance_once_per_owner", fields=["worker", "platform"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="points_balance_not_overdrawn", condition=Q(balance__range=(0, LARGEST_BALANCE))
            ),
        ]
        indexes = [
            models.Index(
                name="points_balances_ranked",
                fields=["platform", "-balance", "worker"],
                condition=Q(balance__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.balance} points"
