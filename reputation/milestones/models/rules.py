import pgtrigger
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from gigstream.core.models import Common, GuardedQuerySet, is_readable
from gigstream.core.money import LARGEST
from gigstream.core.states import append_only
from platforms.models import Platform
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, MilestoneAction, Window

NAME_PATTERN = "^[a-z][a-z0-9_]{1,59}$"


class MilestoneRule(Common):
    """A version of a rule by which creators reach a milestone: all its conditions hold. A change of it is a
    new version, and the one before is retired; milestones that were reached under it stay."""

    platform = models.ForeignKey(
        Platform,
        on_delete=models.PROTECT,
        related_name="milestone_rules",
        null=True,
        blank=True,
        db_index=False,
        help_text="whose creators can reach it; empty for those of every platform",
    )
    name = models.CharField(max_length=60, help_text="the same in all versions")
    version = models.PositiveIntegerField(default=1)
    description = models.CharField(max_length=300)
    action = models.CharField(max_length=24, choices=MilestoneAction.choices)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "milestone_rules"
        constraints = [
            models.UniqueConstraint(
                name="milestone_rule_version_once",
                fields=["platform", "name", "version"],
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                name="milestone_rule_one_in_force",
                fields=["platform", "name"],
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="milestone_rule_name_well_formed", condition=Q(name__regex=NAME_PATTERN)
            ),
            models.CheckConstraint(name="milestone_rule_version_from_1", condition=Q(version__gte=1)),
            models.CheckConstraint(
                name="milestone_rule_described", condition=~Q(description="") & is_readable("description")
            ),
            models.CheckConstraint(
                name="milestone_rule_action_known", condition=Q(action__in=MilestoneAction.values)
            ),
        ]
        indexes = [models.Index(name="milestone_rules_recent", fields=["-created_at", "-id"])]
        triggers = [
            pgtrigger.Protect(
                name="stays_as_it_is",
                operation=pgtrigger.UpdateOf("platform_id", "name", "version", "description", "action"),
                condition=pgtrigger.AnyChange("platform", "name", "version", "description", "action"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class MilestoneCondition(models.Model):
    """A condition of a rule: a metric is at least a threshold over a window."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(
        MilestoneRule, on_delete=models.PROTECT, related_name="conditions", db_index=False
    )
    metric = models.CharField(max_length=16, choices=Metric.choices)
    window = models.CharField(max_length=16, choices=Window.choices, db_column="time_window")
    threshold = models.DecimalField(max_digits=20, decimal_places=6, help_text="USDC, or a whole number")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "milestone_conditions"
        constraints = [
            models.UniqueConstraint(name="milestone_condition_once", fields=["rule", "metric", "window"]),
            models.CheckConstraint(
                name="milestone_condition_metric_known", condition=Q(metric__in=Metric.values)
            ),
            models.CheckConstraint(
                name="milestone_condition_window_known", condition=Q(window__in=Window.values)
            ),
            models.CheckConstraint(
                name="milestone_condition_threshold_positive",
                condition=Q(threshold__gt=0, threshold__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="milestone_condition_counts_whole_numbers",
                condition=Q(metric=Metric.REVENUE)
                | Q(
                    Exact(
                        Func(F("threshold"), function="trunc", output_field=models.DecimalField()),
                        F("threshold"),
                    )
                ),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.metric} {self.window} {self.threshold:f}"

    @property
    def as_condition(self) -> Condition:
        """The condition as formulas take it."""
        return Condition(Metric(self.metric), Window(self.window), self.threshold)
