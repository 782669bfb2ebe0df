"""Forms of rules and market values, and milestones of creators as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from gigstream.api.fields import Amount, Choice, Id, Instant, Name, StrictSerializer, Text, Whole
from gigstream.api.schema.describing import describe_rows
from payments.oracle.enums import OperationStatus, Trouble
from reputation.milestones.calculations import Condition, value_text
from reputation.milestones.enums import ActionTrouble, Metric, MilestoneAction, Window
from reputation.milestones.models import CreatorMilestone, MilestoneRule, TokenValue
from reputation.milestones.models.numbers import CURRENCY_PATTERN
from reputation.milestones.models.rules import NAME_PATTERN
from reputation.milestones.selectors import Progress
from reputation.milestones.services.rules import LONGEST_DESCRIPTION, MOST_CONDITIONS

RULE_COLUMNS = ("id", "created_at", "platform_id", "name", "version", "description", "action", "retired_at")
MILESTONE_COLUMNS = (
    "id",
    "created_at",
    "creator_id",
    "rule_id",
    "description",
    "action",
    "status",
    "month",
    "reached_at",
    "noted_at",
    "note",
)
VALUE_COLUMNS = (
    "id",
    "created_at",
    "creator_id",
    "amount",
    "currency",
    "rate",
    "market_value",
    "as_of",
)
# Columns of a milestone that are read beside its own.
_READ = ("trouble", "current_value", "rule__name", "rule__version", "operation__status", "operation__trouble")
_THRESHOLD = "a whole number, or USDC of revenue"


class ConditionRow(serializers.Serializer):
    """A condition of a rule."""

    metric = Choice(choices=Metric.values)
    window = Choice(choices=Window.values)
    threshold = Text(help_text=_THRESHOLD)


class ConditionForm(StrictSerializer):
    """A metric is at least a threshold over a window."""

    metric = Choice(choices=Metric.values)
    window = Choice(choices=Window.values, help_text="30_days end today, a month is the calendar's, in UTC")
    threshold = Amount(help_text=f"{_THRESHOLD}; a string as all amounts")


class RuleChangeForm(StrictSerializer):
    """The next version of a rule."""

    description = Name(max_length=LONGEST_DESCRIPTION)
    conditions = serializers.ListField(
        child=ConditionForm(),
        min_length=1,
        max_length=MOST_CONDITIONS,
        help_text="all of which must hold, each metric once over each window",
    )


class RuleForm(RuleChangeForm):
    """A rule by which your creators reach a milestone."""

    name = Text(
        max_length=60,
        validators=[RegexValidator(NAME_PATTERN, "must be small letters, digits and underscores")],
        help_text="unique for you, the same in all versions",
    )
    action = Choice(choices=MilestoneAction.values)


class TokenValueForm(StrictSerializer):
    """The market value of a token, as a market shows it."""

    amount = Amount(allow_zero=True, help_text="in the currency")
    currency = Text(
        max_length=11,
        validators=[RegexValidator(CURRENCY_PATTERN, "must be letters and digits in upper case")],
    )
    rate = Amount(help_text="USDC for one of the currency")
    as_of = Instant(help_text="of the amount and the rate; later than that of the value before")


RuleRow = describe_rows(
    "MilestoneRuleRow",
    MilestoneRule,
    RULE_COLUMNS,
    platform_id=Id(allow_null=True, help_text="null: a rule for the creators of every platform"),
    conditions=ConditionRow(many=True),
)
_MILESTONE: dict[str, Any] = {
    "rule": Text(help_text="name of the rule"),
    "version": Whole(help_text="of the rule"),
    "trouble": Choice(
        choices=ActionTrouble.values, allow_null=True, help_text="why the action waits or was refused"
    ),
    "operation_status": Choice(
        choices=OperationStatus.values, allow_null=True, help_text="of the operation that makes the token"
    ),
    "operation_trouble": Choice(
        choices=Trouble.values, allow_null=True, help_text="why that operation waits or was given up"
    ),
    "current_value": serializers.DictField(
        child=serializers.DictField(child=Text()),
        help_text="each metric over each window when it was reached",
    ),
}
MilestoneRow = describe_rows("CreatorMilestoneRow", CreatorMilestone, MILESTONE_COLUMNS, **_MILESTONE)
MyMilestoneRow = describe_rows(
    "MyMilestoneRow",
    CreatorMilestone,
    MILESTONE_COLUMNS,
    **_MILESTONE,
    platform_id=Id(),
    platform_name=Text(),
)
TokenValueRow = describe_rows(
    "TokenValueRow",
    TokenValue,
    VALUE_COLUMNS,
    amount=Amount(allow_zero=True, help_text="in the currency"),
    rate=Amount(help_text="USDC for one of the currency"),
)


class ConditionProgress(ConditionRow):
    """A condition with the value now."""

    value = Text()


class ProgressRow(serializers.Serializer):
    """Progress of a creator towards a rule."""

    creator_id = Id()
    rule_id = Id()
    rule = Text(help_text="name of the rule")
    version = Whole()
    description = Text()
    action = Choice(choices=MilestoneAction.values)
    reached_at = Instant(allow_null=True, help_text="null: not reached yet")
    conditions = ConditionProgress(many=True)


class ProgressAnswer(serializers.Serializer):
    """Progress towards all rules in force."""

    as_of = Instant()
    rules = ProgressRow(many=True)


class RuleQuery(StrictSerializer):
    """Filters of a list of rules."""

    name = Text(max_length=60, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class MilestoneQuery(StrictSerializer):
    """Filters of a list of milestones."""

    creator_id = Id(required=False)
    rule_id = Id(required=False)
    action = Choice(choices=MilestoneAction.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


def with_conditions(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the validated data of a form of rules with conditions as services take them."""
    conditions = [
        Condition(Metric(one["metric"]), Window(one["window"]), one["threshold"])
        for one in given["conditions"]
    ]
    return {**given, "conditions": conditions}


def rules_as_json(rules: Sequence[MilestoneRule]) -> list[dict[str, Any]]:
    """Return the rules, whose conditions were read with them."""
    return [
        {name: getattr(rule, name) for name in RULE_COLUMNS}
        | {"conditions": [_condition_as_json(one.as_condition) for one in rule.conditions.all()]}
        for rule in rules
    ]


def rule_as_json(rule: MilestoneRule) -> dict[str, Any]:
    """Return the rule with its conditions."""
    return rules_as_json([rule])[0]


def _condition_as_json(condition: Condition) -> dict[str, str]:
    return {
        "metric": condition.metric,
        "window": condition.window,
        "threshold": value_text(condition.metric, condition.threshold),
    }


def milestone_columns(*more: str) -> tuple[str, ...]:
    """Return the columns to read of a milestone."""
    return (*MILESTONE_COLUMNS, *_READ, *more)


def milestone_as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a milestone that was read by `milestone_columns`."""
    return {
        **{name: row[name] for name in MILESTONE_COLUMNS},
        "rule": row["rule__name"],
        "version": row["rule__version"],
        "trouble": row["trouble"] or None,
        "operation_status": row["operation__status"],
        "operation_trouble": row["operation__trouble"] or None,
        "current_value": row["current_value"],
    }


def my_milestone_as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a milestone with its platform, as its creator sees it."""
    return {
        **milestone_as_json(row),
        "platform_id": row["creator__platform_id"],
        "platform_name": row["creator__platform__name"],
    }


def progress_as_json(found: Sequence[Progress]) -> list[dict[str, Any]]:
    """Return how far creators are, by rule and condition."""
    return [
        {
            "creator_id": one.creator.pk,
            "rule_id": one.rule.pk,
            "rule": one.rule.name,
            "version": one.rule.version,
            "description": one.rule.description,
            "action": one.rule.action,
            "reached_at": one.reached_at,
            "conditions": [
                {**_condition_as_json(condition), "value": value_text(condition.metric, value)}
                for condition, value in one.conditions
            ],
        }
        for one in found
    ]


def token_value_as_json(value: TokenValue) -> dict[str, Any]:
    """Return the market value as its platform reported it."""
    return {name: getattr(value, name) for name in VALUE_COLUMNS}
