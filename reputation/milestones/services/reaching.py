"""Milestones that creators reach: changes of use and of followers move totals, and cross conditions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects

from audit.log import services as audit
from gigstream.core import sql
from gigstream.jobs.registry import nudge_job
from platforms.models import Platform
from platforms.usage.calculations.periods import day_of
from reputation.milestones.calculations import (
    METRICS,
    CreatorChanges,
    MetricChange,
    Row,
    add_up,
    before,
    by_creator,
    find_risen,
    is_reached,
    month_of,
)
from reputation.milestones.enums import ActionStatus, Metric, MilestoneAction, Window
from reputation.milestones.models import CreatorMilestone, MilestoneRule
from reputation.milestones.selectors import Span, read_values, recent_days, total_row, values_as_json
from reputation.milestones.services.falling import note_falls
from reputation.signals import milestones_reached

# Columns of a creator who may have reached a rule, by number and totals.
Candidate = Mapping[str, Any]


def count_changes(*, changes: Sequence[MetricChange], now: datetime) -> list[CreatorMilestone]:
    """Add changes of creators of one platform to their totals, and return the milestones that they reach by
    them. The totals stay locked until the transaction ends, so that of two changes one comes after the other.

    One statement for any number of changes, and a few more where a rule may be reached, or where something
    that was counted is taken back.
    """
    if not changes:
        return []
    candidates = move_totals(add_up(changes), find_risen(changes))
    reached = []
    if candidates:
        own, (first, last) = by_creator(changes), recent_days(day_of(now))
        numbers = {row["creator_number"] for row in candidates}
        moved = {number: CreatorChanges.of(own[number], first, last) for number in numbers}
        reached = reach_rules(candidates, moved, now=now)
    falling = {change.creator for change in changes if change.is_fall}
    if falling:
        note_falls([change for change in changes if change.creator in falling], now=now)
    return reached


def move_totals(sums: Mapping[int, Row], risen: Mapping[int, int]) -> Sequence[Candidate]:
    """Add to the totals of these creators, by number, and return those who may have reached a rule by more of
    the metrics that have risen, which are bits."""
    columns = {
        metric.value: sql.array_literal([_plain(row[place]) for row in sums.values()])
        for place, metric in enumerate(METRICS)
    }
    return sql.run(
        "reputation/milestones/move_totals",
        creators=sql.array_literal(list(sums)),
        risen=sql.array_literal([risen[number] for number in sums]),
        metrics=[metric.value for metric in METRICS],
        **columns,
    )


def recount_totals(*, platforms: Sequence[Platform]) -> None:
    """Write the totals of the platforms' creators anew from their days, while nobody else changes the usage.
    Nothing is reached by that."""
    for platform in platforms:
        sql.run("reputation/milestones/recount_totals", platform=platform.pk)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else f"{value:f}"


def reach_rules(
    candidates: Sequence[Candidate], moved: Mapping[int, CreatorChanges], *, now: datetime
) -> list[CreatorMilestone]:
    """Write the milestones that candidates, whose totals are locked, have reached by these changes of theirs.
    Conditions over a month are counted over each month that changed and over the present one, the earliest
    first."""
    rules = _read_rules({row["rule_id"] for row in candidates})
    present = month_of(day_of(now))
    months = {number: sorted({*changes.months, present}) for number, changes in moved.items()}
    values = _read_windows(candidates, months, now)
    taken = set(
        CreatorMilestone.objects.filter(
            creator__in={row["creator_id"] for row in candidates}, rule__in=list(rules)
        ).values_list("creator", "rule")
    )
    reached = []
    for row in candidates:
        if (row["creator_id"], row["rule_id"]) in taken:
            continue
        rule = rules[row["rule_id"]]
        conditions = [one.as_condition for one in rule.conditions.all()]
        changes = moved[row["creator_number"]]
        for month in months[row["creator_number"]]:
            after = values[(row["creator_number"], month)]
            if is_reached(conditions, before(after, changes, month), after):
                reached.append(_milestone(row["creator_id"], rule, month, values_as_json(after), now))
                break
    if reached:
        _write(reached, now)
    return reached


def _read_rules(ids: set[UUID]) -> dict[UUID, MilestoneRule]:
    found = MilestoneRule.objects.filter(pk__in=ids).prefetch_related("conditions")
    return {rule.pk: rule for rule in found}


def _read_windows(
    candidates: Sequence[Candidate], months: Mapping[int, Sequence[date]], now: datetime
) -> dict[tuple[int, date], dict[tuple[Metric, Window], Any]]:
    """Return the metrics of the candidates for each of their months. A statement after that which locks the
    totals: it sees all that earlier holders of them have committed."""
    first, last = recent_days(day_of(now))
    totals = {row["creator_number"]: total_row(row) for row in candidates}
    spans = [
        Span(number, total, first, last, month)
        for number, total in totals.items()
        for month in months[number]
    ]
    keys = [(span.creator, span.month) for span in spans]
    return dict(zip(keys, read_values(spans), strict=True))


def _milestone(
    creator_id: UUID, rule: MilestoneRule, month: date, values: Mapping[str, Any], now: datetime
) -> CreatorMilestone:
    waits = rule.action == MilestoneAction.CREATE_TOKEN
    return CreatorMilestone(
        created_at=now,
        creator_id=creator_id,
        rule=rule,
        description=rule.description,
        action=rule.action,
        current_value=values,
        month=month,
        reached_at=now,
        status=ActionStatus.WAITING if waits else ActionStatus.DONE,
        next_attempt_at=now if waits else None,
    )


def _write(reached: Sequence[CreatorMilestone], now: datetime) -> None:
    CreatorMilestone.unguarded.bulk_create(reached)
    prefetch_related_objects(reached, "creator")
    audit.record_each(
        "milestone.reach",
        reached,
        after=lambda one: {
            "creator": one.creator_id,
            "rule": one.rule.name,
            "version": one.rule.version,
            "action": one.action,
        },
        metadata=lambda one: {"current_value": one.current_value},
        now=now,
    )
    milestones_reached.send(sender=CreatorMilestone, milestones=list(reached), now=now)
    if any(one.status == ActionStatus.WAITING for one in reached):
        nudge_job("act_on_milestones")
