from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Floor

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import is_readable
from gigstream.core.money import LARGEST, ZERO, MoneyField
from gigstream.core.states import status_trigger
from payments.models import LedgerEntry
from reputation.quests import calculations
from reputation.quests.enums import QUEST_EVENT_MOVES, REWARDED, QuestEventStatus, RewardKind
from reputation.quests.models.places import Reservation
from reputation.quests.models.quests import Quest
from reputation.quests.querysets import QuestEventQuerySet
from reputation.scores.models import ERASING_WORKER
from workers.models import Worker

_WITH_REWARD = Q(status__in=sorted(REWARDED))
# Whether the worker of the row is not being erased: then its evidence goes.
_NOT_ERASED = f"current_setting('{ERASING_WORKER}', true) IS DISTINCT FROM OLD.worker_id::text"


class QuestEvent(models.Model):
    """A fact that earns a reward: at most one row for a fact, and one reward for a row. Only its state
    changes, with the columns that belong to the state. When its worker is erased its evidence goes, and a
    keyed hash stands for its fact.

    `external_id` comes from the fact and never from the attempt. The order of the ids is the order in which
    events are granted.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="events", db_index=False)
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="quest_events", db_index=False)
    event_type = models.CharField(max_length=64)
    external_id = models.CharField(max_length=200)
    event_date = models.DateField(null=True, blank=True, help_text="of a daily quest, where the worker lives")
    occurred_at = models.DateTimeField()
    evidence = models.JSONField(default=dict, blank=True)
    reward_kind = models.CharField(max_length=16, choices=RewardKind.choices)
    amount = MoneyField(help_text="the reward when the event was received: USDC, or whole points")
    reservation = models.OneToOneField(
        Reservation, on_delete=models.PROTECT, null=True, blank=True, related_name="event"
    )
    factor = models.DecimalField(
        max_digits=2,
        decimal_places=1,
        default=Decimal(1),
        db_default=Decimal(1),
        help_text="part of the points that is granted",
    )
    factor_reason = models.TextField(
        blank=True, default="", db_default="", help_text="shown to the worker, with what would change it"
    )
    factor_evidence = models.JSONField(
        default=dict, db_default=Value({}, output_field=models.JSONField()), blank=True
    )
    granted_amount = models.GeneratedField(
        expression=Case(
            When(
                _WITH_REWARD & Q(reward_kind=RewardKind.POINTS),
                then=Floor(F("amount") * F("factor"), output_field=MoneyField()),
            ),
            When(_WITH_REWARD, then=F("amount")),
            output_field=MoneyField(),
        ),
        output_field=MoneyField(null=True),
        db_persist=True,
        help_text="the reward that was booked: of points the part by the factor, rounded down",
    )
    status = models.CharField(
        max_length=16, choices=QuestEventStatus.choices, default=QuestEventStatus.RECEIVED
    )
    waits_until = models.DateTimeField(
        null=True, blank=True, help_text="when its quest, or its worker, may be granted more"
    )
    held_until = models.DateTimeField(null=True, blank=True)
    hold_reason = models.TextField(blank=True, help_text="shown to the worker, with what would change it")
    hold_evidence = models.JSONField(default=dict, blank=True)
    entry = models.OneToOneField(
        LedgerEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quest_event",
        help_text="the payout that it led to; points name their event",
    )
    granted_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="when the whole of it had left")
    rejected_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=40, blank=True, help_text="why it was rejected, or waits")
    message = models.TextField(blank=True)
    numbers = models.JSONField(default=dict, blank=True, help_text="the values that decided")

    objects = models.Manager.from_queryset(QuestEventQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_events"
        constraints = [
            models.UniqueConstraint(
                name="quest_event_reported_once",
                fields=["quest", "external_id", "event_date"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="quest_event_names_its_fact",
                condition=~Q(external_id="") & is_readable("external_id") & ~Q(event_type=""),
            ),
            models.CheckConstraint(
                name="quest_event_reward_kind_known", condition=Q(reward_kind__in=RewardKind.values)
            ),
            models.CheckConstraint(
                name="quest_event_amount_positive",
                condition=Q(amount__gt=ZERO, amount__lte=LARGEST)
                & (Q(reward_kind=RewardKind.PAYOUT) | Q(amount=Floor("amount"))),
            ),
            models.CheckConstraint(
                name="quest_event_status_known", condition=Q(status__in=QuestEventStatus.values)
            ),
            models.CheckConstraint(
                name="quest_event_granted_has_time",
                condition=(_WITH_REWARD & Q(granted_at__isnull=False))
                | (~_WITH_REWARD & Q(granted_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="quest_event_has_the_entry_of_its_payout",
                condition=(_WITH_REWARD & Q(reward_kind=RewardKind.PAYOUT, entry__isnull=False))
                | (~(_WITH_REWARD & Q(reward_kind=RewardKind.PAYOUT)) & Q(entry__isnull=True)),
            ),
            models.CheckConstraint(
                name="quest_event_settled_has_time",
                condition=Q(
                    status=QuestEventStatus.SETTLED,
                    settled_at__isnull=False,
                    reward_kind=RewardKind.PAYOUT,
                )
                | (~Q(status=QuestEventStatus.SETTLED) & Q(settled_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="quest_event_held_with_a_reason",
                condition=(Q(held_until__isnull=True, hold_reason="") & ~Q(status=QuestEventStatus.HELD))
                | (Q(held_until__isnull=False) & ~Q(hold_reason="")),
            ),
            models.CheckConstraint(
                name="quest_event_rejected_or_waiting_with_a_reason",
                condition=(
                    Q(status=QuestEventStatus.REJECTED, rejected_at__isnull=False, waits_until__isnull=True)
                    & ~Q(code="")
                )
                | (
                    Q(status=QuestEventStatus.RECEIVED, rejected_at__isnull=True, waits_until__isnull=False)
                    & ~Q(code="")
                )
                | (
                    ~Q(status=QuestEventStatus.REJECTED)
                    & Q(rejected_at__isnull=True, waits_until__isnull=True, code="", message="")
                ),
            ),
            models.CheckConstraint(
                name="quest_event_reduced_with_a_reason",
                condition=Q(factor=1, factor_reason="")
                | (Q(factor__gt=0, factor__lt=1, reward_kind=RewardKind.POINTS) & ~Q(factor_reason="")),
            ),
        ]
        indexes = [
            models.Index(name="quest_events_of_a_worker", fields=["worker", "quest", "id"]),
            models.Index(name="quest_events_of_a_quest", fields=["quest", "id"]),
            models.Index(
                name="quest_events_waiting",
                fields=["quest", "id"],
                condition=Q(status=QuestEventStatus.RECEIVED),
            ),
            models.Index(
                name="quest_events_held",
                fields=["held_until"],
                condition=Q(status=QuestEventStatus.HELD),
            ),
            models.Index(
                name="quest_events_unsettled",
                fields=["worker", "id"],
                condition=Q(status=QuestEventStatus.GRANTED, reward_kind=RewardKind.PAYOUT),
            ),
            models.Index(
                name="quest_events_to_settle",
                fields=["id"],
                condition=Q(status=QuestEventStatus.GRANTED, reward_kind=RewardKind.PAYOUT),
            ),
        ]
        triggers = [
            status_trigger(QUEST_EVENT_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fact_stays_as_reported",
                operation=pgtrigger.UpdateOf(
                    "id",
                    "created_at",
                    "quest_id",
                    "worker_id",
                    "event_type",
                    "event_date",
                    "occurred_at",
                    "reward_kind",
                    "amount",
                    "reservation_id",
                ),
            ),
            pgtrigger.Protect(
                name="evidence_stays_as_given",
                operation=pgtrigger.UpdateOf("external_id", "evidence"),
                condition=pgtrigger.Condition(
                    "((OLD.external_id, OLD.evidence) IS DISTINCT FROM (NEW.external_id, NEW.evidence)"
                    f" AND {_NOT_ERASED})"
                ),
            ),
            pgtrigger.Protect(
                name="factor_stays_as_assessed",
                operation=pgtrigger.UpdateOf("factor", "factor_reason", "factor_evidence"),
                condition=pgtrigger.Condition(
                    "((OLD.factor, OLD.factor_reason, OLD.factor_evidence)"
                    " IS DISTINCT FROM (NEW.factor, NEW.factor_reason, NEW.factor_evidence)"
                    f" AND OLD.status <> '{QuestEventStatus.RECEIVED}' AND {_NOT_ERASED})"
                ),
            ),
            pgtrigger.Protect(
                name="ended_stays_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    f"(OLD.status IN ('{QuestEventStatus.SETTLED}', '{QuestEventStatus.REJECTED}')"
                    f" AND {_NOT_ERASED})"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.external_id}"

    def amount_text(self, amount: Decimal) -> str:
        """Return an amount of it with its unit."""
        return calculations.amount_text(amount, self.reward_kind)

    @property
    def reward(self) -> Decimal:
        """The reward that the event has or would have: of points the part by its factor, rounded down."""
        if self.reward_kind == RewardKind.PAYOUT:
            return self.amount
        return Decimal(int(self.amount * self.factor))
