from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Floor

from gigstream.core.models import Changing, Common, GuardedQuerySet, is_readable
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.parts import parts_index
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import append_only, status_trigger
from platforms.models import Platform
from reputation.quests import calculations
from reputation.quests.enums import QUEST_MOVES, QuestKind, QuestPeriod, QuestStatus, RewardKind
from reputation.scores.enums import Tier

SLUG_FORM = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class Quest(Changing):
    """An act that earns a reward, by a platform or (without one) by the house.

    `budget`, `granted` and `reserved` are sums of rewards, in USDC without the platform's fee, or in points.
    A platform's budget of USDC is held in its escrow together with the fee on it, the house's comes out of
    its rewards. `reserved` is what open reservations and held events keep.
    """

    short_number = ShortNumberField("quests")
    reference = reference_field(Value("QU"))
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, null=True, blank=True, related_name="quests", db_index=False
    )
    slug = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=QuestKind.choices)
    network = models.CharField(
        max_length=32, blank=True, help_text="where the act is done, as a social network"
    )
    is_claimable = models.BooleanField(
        default=False, help_text="whether workers claim it by themselves; else events are reported"
    )
    reward_kind = models.CharField(max_length=16, choices=RewardKind.choices)
    reward_amount = MoneyField(help_text="USDC, or whole points")
    fee_bps = models.PositiveSmallIntegerField(
        default=0, help_text="the platform's rate when the quest was made; 0 for points and the house"
    )
    period = models.CharField(max_length=16, choices=QuestPeriod.choices)
    limit_per_worker = models.PositiveIntegerField(
        null=True, blank=True, help_text="rewards of a worker in each period"
    )
    limit_total = models.PositiveIntegerField(
        null=True, blank=True, help_text="places: rewards of all workers"
    )
    places_taken = models.PositiveIntegerField(
        default=0, help_text="rewards granted, held or reserved, and those refused after a hold"
    )
    budget = MoneyField(null=True, blank=True, help_text="none for points without a bound")
    granted = MoneyField(default=Decimal(0))
    reserved = MoneyField(default=Decimal(0))
    outflow_limit = MoneyField(
        null=True,
        blank=True,
        help_text="rewards of an hour at most; none: that of the house for USDC, no bound for points",
    )
    cooldown_seconds = models.PositiveIntegerField(default=0, help_text="between two events of a worker")
    min_tier = models.CharField(max_length=16, choices=Tier.choices, blank=True, help_text="empty: any")
    min_account_age_days = models.PositiveIntegerField(default=0)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True, help_text="empty: all")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=QuestStatus.choices, default=QuestStatus.DRAFT)
    is_active = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(status=QuestStatus.OPEN), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    opened_at = models.DateTimeField(null=True, blank=True, help_text="the first time")
    closed_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quests"
        constraints = [
            models.UniqueConstraint(
                name="quest_slug_once_per_owner", fields=["platform", "slug"], nulls_distinct=False
            ),
            models.CheckConstraint(name="quest_slug_form", condition=Q(slug__regex=SLUG_FORM)),
            models.CheckConstraint(
                name="quest_title_readable", condition=is_readable("title") & ~Q(title="")
            ),
            models.CheckConstraint(name="quest_kind_known", condition=Q(kind__in=QuestKind.values)),
            models.CheckConstraint(
                name="quest_reward_kind_known", condition=Q(reward_kind__in=RewardKind.values)
            ),
            models.CheckConstraint(
                name="quest_reward_positive", condition=Q(reward_amount__gt=0, reward_amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="quest_points_are_whole",
                condition=~Q(reward_kind=RewardKind.POINTS)
                | Q(
                    reward_amount=Floor("reward_amount"),
                    granted=Floor("granted"),
                    reserved=Floor("reserved"),
                ),
            ),
            models.CheckConstraint(
                name="quest_payouts_have_a_budget",
                condition=Q(budget__isnull=False) | Q(reward_kind=RewardKind.POINTS),
            ),
            models.CheckConstraint(
                name="quest_within_its_budget",
                condition=Q(budget__isnull=True)
                | Q(budget__gte=F("granted") + F("reserved"), budget__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="quest_sums_not_negative", condition=Q(granted__gte=0, reserved__gte=0)
            ),
            models.CheckConstraint(
                name="quest_outflow_limit_in_range",
                condition=Q(outflow_limit__isnull=True) | Q(outflow_limit__gt=0, outflow_limit__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="quest_fee_of_a_platforms_payouts",
                condition=Q(fee_bps__range=(0, 10_000))
                & (Q(fee_bps=0) | Q(platform__isnull=False, reward_kind=RewardKind.PAYOUT)),
            ),
            models.CheckConstraint(name="quest_period_known", condition=Q(period__in=QuestPeriod.values)),
            models.CheckConstraint(
                name="quest_limits_from_1",
                condition=(Q(limit_per_worker__isnull=True) | Q(limit_per_worker__gte=1))
                & (Q(limit_total__isnull=True) | Q(limit_total__gte=1)),
            ),
            models.CheckConstraint(
                name="quest_within_its_places",
                condition=Q(limit_total__isnull=True) | Q(places_taken__lte=F("limit_total")),
            ),
            models.CheckConstraint(
                name="quest_min_tier_known", condition=Q(min_tier="") | Q(min_tier__in=Tier.values)
            ),
            models.CheckConstraint(
                name="quest_ends_after_it_begins",
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
            ),
            models.CheckConstraint(name="quest_status_known", condition=Q(status__in=QuestStatus.values)),
            models.CheckConstraint(
                name="quest_closed_has_time",
                condition=Q(status=QuestStatus.CLOSED, closed_at__isnull=False)
                | (~Q(status=QuestStatus.CLOSED) & Q(closed_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(name="quests_platform_created", fields=["platform", "created_at"]),
            models.Index(name="quests_created", fields=["created_at"]),
            parts_index("quests_by_parts_of_title", "title"),
            models.Index(
                name="quests_on_offer",
                fields=["created_at", "id"],
                condition=Q(status__in=[QuestStatus.OPEN, QuestStatus.PAUSED, QuestStatus.EXHAUSTED]),
            ),
        ]
        triggers = [
            status_trigger(QUEST_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # Escrow holds the fee by this rate, and events are rewarded in this kind.
            pgtrigger.Protect(
                name="terms_of_money_fixed",
                operation=pgtrigger.UpdateOf("platform_id", "reward_kind", "fee_bps", "period"),
                condition=pgtrigger.AnyChange("platform", "reward_kind", "fee_bps", "period"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def amount_text(self, amount: Decimal) -> str:
        """Return an amount of it with its unit."""
        return calculations.amount_text(amount, self.reward_kind)

    @property
    def free(self) -> Decimal | None:
        """Part of the budget that no reward has and nothing reserves; None without a bound."""
        return None if self.budget is None else self.budget - self.granted - self.reserved


class QuestFunding(Common):
    """A sum that a quest's budget got or gave back, with the fee that went with it. Never changes."""

    quest = models.ForeignKey(Quest, on_delete=models.PROTECT, related_name="fundings")
    amount = MoneyField(help_text="below 0 where it was given back")
    fee = MoneyField(default=Decimal(0), help_text="below 0 where it was given back")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "quest_fundings"
        constraints = [
            models.CheckConstraint(
                name="quest_funding_moves_something",
                condition=Q(amount__gt=0, fee__gte=0, amount__lte=LARGEST)
                | Q(amount__lt=0, fee__lte=0, amount__gte=-LARGEST),
            ),
        ]
        indexes = [models.Index(name="quest_fundings_created", fields=["created_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return with_owner(f"{self.amount}", self, "quest", joined_by="for")

    def amount_text(self, amount: Decimal) -> str:
        """Return an amount of it with its unit."""
        return self.quest.amount_text(amount)
