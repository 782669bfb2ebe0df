"""Metrics of creators as they are read, over all windows, and their progress towards rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from gigstream.core import sql
from platforms.models import CreatorProfile
from platforms.usage.calculations.periods import day_of
from reputation.milestones.calculations import (
    METRICS,
    Condition,
    Row,
    Values,
    market_part,
    month_of,
    recent_from,
    value_text,
)
from reputation.milestones.enums import Metric, MilestoneAction, Window
from reputation.milestones.models import CreatorMilestone, CreatorTotal, MilestoneRule

# Columns of the totals, in the order of the metrics.
COLUMNS = tuple(metric.value for metric in METRICS)


@dataclass(frozen=True, slots=True)
class Span:
    """Days and a month over which a creator's metrics are read, beside those over all time."""

    creator: int
    total: Row
    first: date
    last: date
    month: date


def recent_days(today: date) -> tuple[date, date]:
    """Return the first and the last of the recent days: 30 that end today, and tomorrow, of which events
    are reported a few minutes ahead."""
    return recent_from(today), today + timedelta(days=1)


def read_values(spans: Sequence[Span]) -> list[dict[tuple[Metric, Window], Decimal]]:
    """Return the metrics over all windows for each of the spans, by one statement."""
    rows = sql.run(
        "reputation/milestones/read_windows",
        creators=[span.creator for span in spans],
        first=[span.first for span in spans],
        last=[span.last for span in spans],
        months=[span.month for span in spans],
    )
    return [_values_of(span, row) for span, row in zip(spans, rows, strict=True)]


def _values_of(span: Span, row: Mapping[str, Any]) -> dict[tuple[Metric, Window], Decimal]:
    values: dict[tuple[Metric, Window], Decimal] = {}
    for metric, total in zip(METRICS, span.total, strict=True):
        values[(metric, Window.ALL_TIME)] = Decimal(total)
        values[(metric, Window.DAYS_30)] = Decimal(row[f"days_{metric.value}"])
        values[(metric, Window.MONTH)] = Decimal(row[f"month_{metric.value}"])
    values[(Metric.REVENUE, Window.MONTH)] += market_part(row["market_value"])
    return values


def total_row(row: Mapping[str, Any]) -> Row:
    """Return the totals of a creator, as columns of a row, in the order of the metrics."""
    return tuple(row[column] for column in COLUMNS)


def values_as_json(values: Values) -> dict[str, dict[str, str]]:
    """Return each metric over each window, as texts."""
    found: dict[str, dict[str, str]] = {metric.value: {} for metric in METRICS}
    for (metric, window), value in values.items():
        found[metric.value][window.value] = value_text(metric, value)
    return found


def rules_of(platform_id: Any) -> QuerySet[MilestoneRule]:
    """Return the rules for creators of the platform: its own, and those for all."""
    return MilestoneRule.objects.filter(Q(platform=platform_id) | Q(platform=None))


def actions_of(creator: CreatorProfile) -> set[MilestoneAction]:
    """Return the actions that the creator's milestones have brought about: whether it is eligible, shares in
    revenue, and has a token by them."""
    done = CreatorMilestone.objects.filter(creator=creator, status="done")
    return {MilestoneAction(action) for action in done.values_list("action", flat=True)}


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a creator towards a rule in force."""

    creator: CreatorProfile
    rule: MilestoneRule
    reached_at: datetime | None
    conditions: list[tuple[Condition, Decimal]]


def progress_of(creators: Sequence[CreatorProfile], *, now: datetime) -> list[Progress]:
    """Return how far these creators are with each rule in force that they can reach, by its conditions with
    the values now; a fixed number of statements for any number of creators."""
    today = day_of(now)
    first, last = recent_days(today)
    totals = {
        row["creator_id"]: total_row(row)
        for row in CreatorTotal.objects.filter(creator__in=creators).values("creator_id", *COLUMNS)
    }
    nothing: Row = (0,) * len(METRICS)
    spans = [
        Span(one.number, totals.get(one.number, nothing), first, last, month_of(today)) for one in creators
    ]
    values = dict(zip([one.pk for one in creators], read_values(spans), strict=True))
    reached = {
        (row.creator_id, row.rule_id): row.reached_at
        for row in CreatorMilestone.objects.filter(creator__in=creators)
    }
    platforms = {one.platform_id for one in creators}
    rules = MilestoneRule.objects.filter(Q(platform__in=platforms) | Q(platform=None), retired_at=None)
    in_force = list(rules.prefetch_related("conditions").order_by("name", "pk"))
    return [
        Progress(one, rule, reached.get((one.pk, rule.pk)), _with_values(rule, values[one.pk]))
        for one in creators
        for rule in in_force
        if rule.platform_id in (None, one.platform_id)
    ]


def _with_values(rule: MilestoneRule, values: Values) -> list[tuple[Condition, Decimal]]:
    conditions = [one.as_condition for one in rule.conditions.all()]
    return [(one, values[(one.metric, one.window)]) for one in conditions]
