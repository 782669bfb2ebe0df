"""Milestones of creators for staff: rules, milestones that were reached, and the metrics behind them."""

from typing import Any

from django.contrib import admin

from gigstream.adminkit import (
    OF_THE_HOUSE,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_number,
    by_text,
    by_uuid,
    show_on,
)
from gigstream.adminkit.list_exports import Exports
from platforms.models import CreatorProfile, Platform
from reputation.milestones import services
from reputation.milestones.calculations import METRICS
from reputation.milestones.enums import ActionStatus
from reputation.milestones.forms import RevisionForm, RuleForm
from reputation.models import (
    CreatorMilestone,
    CreatorTotal,
    MilestoneCondition,
    MilestoneRule,
    TokenValue,
)

_METRICS = tuple(metric.value for metric in METRICS)


def _create_rule(**given: Any) -> object:
    return services.create_milestone_rule(platform_id=None, **given)


CREATE = RowAction(
    name="create",
    label="Make a rule",
    done="made",
    run=_create_rule,
    form=RuleForm,
    note="The creators of every platform can reach it, by changes from now on.",
)


@admin.register(MilestoneRule)
class MilestoneRuleAdmin(Exports, ReadOnlyAdmin):
    """Rules of milestones in all versions; those without a platform are for the creators of all."""

    list_display = ("created_at", "name", "version", "platform", "action", "description", "retired_at")
    list_select_related = ("platform",)
    list_filter = ("action", ("retired_at", admin.EmptyFieldListFilter))
    empty_words = OF_THE_HOUSE
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "platform_id"), by_text("name"))
    search_help_text = "id or name of a rule, or id of a platform"
    alone = (CREATE,)
    actions = (
        RowAction(
            name="revise",
            label="Make the next version",
            done="given a next version",
            run=lambda rule, **given: services.change_milestone_rule(rule_id=rule.pk, **given),
            form=RevisionForm,
            when=lambda rule: rule.retired_at is None,
            single=True,
            note="Milestones that were reached stay, and can be reached once under the next version as well.",
        ),
        RowAction(
            name="retire",
            label="Retire",
            done="retired",
            run=lambda rule, reason: services.retire_milestone_rule(rule_id=rule.pk, reason=reason),
            when=lambda rule: rule.retired_at is None,
            note="Nobody reaches it any more. Milestones that were reached stay.",
        ),
    )


@admin.register(MilestoneCondition)
class MilestoneConditionAdmin(ReadOnlyAdmin):
    list_display = ("id", "rule", "metric", "window", "threshold")
    list_select_related = ("rule",)
    belongs = ("rule",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_number("id"), by_uuid("rule_id"))
    search_help_text = "number of a condition, or id of a rule"


@admin.register(CreatorMilestone)
class CreatorMilestoneAdmin(Exports, ReadOnlyAdmin):
    """Milestones that creators have reached, with the state of the action of each."""

    list_display = (
        "created_at",
        "creator",
        "rule",
        "action",
        "status",
        "trouble",
        "operation",
        "noted_at",
        "note",
    )
    list_select_related = ("creator", "rule", "operation")
    list_filter = ("action", "status", ("noted_at", admin.EmptyFieldListFilter))
    belongs = ("creator", "rule", "operation")
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "creator_id", "rule_id", "operation_id"),)
    search_help_text = "id of a milestone, creator, rule or operation"
    actions = (
        RowAction(
            name="try_again",
            label="Try again",
            done="to be tried again",
            run=lambda milestone, reason: services.try_action_again(milestone_id=milestone.pk, reason=reason),
            when=lambda milestone: milestone.status == ActionStatus.REFUSED,
        ),
    )


@admin.register(CreatorTotal)
class CreatorTotalAdmin(ReadOnlyAdmin):
    list_display = ("creator", *_METRICS)
    list_select_related = ("creator",)
    ordering = ("-creator",)
    sortable_by = ()
    searches = (by_uuid("creator__id"),)
    search_help_text = "id of a creator"


@admin.register(TokenValue)
class TokenValueAdmin(Exports, ReadOnlyAdmin):
    """Market values of creators' tokens, as their platforms reported them."""

    list_display = ("id", "creator", "amount", "currency", "rate", "market_value", "as_of", "created_at")
    list_select_related = ("creator",)
    belongs = ("creator",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_number("id"), by_uuid("creator_id"))
    search_help_text = "number of a value, or id of a creator"


show_on(MilestoneRule, Table(MilestoneCondition, by="rule", columns=("metric", "window", "threshold")))
show_on(
    CreatorProfile,
    Table(
        CreatorMilestone, by="creator", columns=("created_at", "rule", "action", "status", "trouble", "note")
    ),
    Table(TokenValue, by="creator", columns=("as_of", "market_value", "amount", "currency", "rate")),
)
show_on(
    Platform,
    Table(MilestoneRule, by="platform", columns=("created_at", "name", "version", "action", "retired_at")),
)
