"""Notes on milestones of which something was taken back: they stay."""

from collections.abc import Sequence
from datetime import datetime

from audit.log import services as audit
from platforms.usage.calculations.periods import day_of
from reputation.milestones.calculations import (
    METRICS,
    CreatorChanges,
    MetricChange,
    before,
    by_creator,
    find_lost,
    loss_text,
)
from reputation.milestones.enums import Metric
from reputation.milestones.models import CreatorMilestone, CreatorTotal, MilestoneRule
from reputation.milestones.selectors import COLUMNS, Span, read_values, recent_days, total_row

LONGEST_NOTE = 300


def note_falls(changes: Sequence[MetricChange], *, now: datetime) -> list[CreatorMilestone]:
    """Note on the milestones of these creators, whose totals are locked, which of their conditions no longer
    hold by these changes, followers aside, who come and go. Days and months are those over which it was
    counted when it was reached."""
    own = by_creator(changes)
    metrics = _fallen(changes)
    if not metrics:
        return []
    rules = MilestoneRule.objects.filter(conditions__metric__in=metrics).values("pk")
    found = CreatorMilestone.objects.filter(creator__number__in=list(own), rule__in=rules)
    milestones = list(found.select_related("creator").prefetch_related("rule__conditions").order_by("pk"))
    if not milestones:
        return []
    spans = _spans(milestones)
    noted = []
    for one, span, after in zip(milestones, spans, read_values(spans), strict=True):
        moved = CreatorChanges.of(own[span.creator], span.first, span.last)
        conditions = [condition.as_condition for condition in one.rule.conditions.all()]
        lost = find_lost(conditions, before(after, moved, one.month), after)
        if lost:
            texts = [loss_text(condition, after[(condition.metric, condition.window)]) for condition in lost]
            one.note, one.noted_at, one.updated_at = "; ".join(texts)[:LONGEST_NOTE], now, now
            noted.append(one)
    CreatorMilestone.unguarded.bulk_update(noted, ["note", "noted_at", "updated_at"])
    audit.record_each("milestone.note", noted, after=lambda one: {"note": one.note}, now=now)
    return noted


def _fallen(changes: Sequence[MetricChange]) -> set[str]:
    return {
        metric.value
        for change in changes
        for metric, value in zip(METRICS, change.row, strict=True)
        if value < 0 and metric != Metric.FOLLOWERS
    }


def _spans(milestones: Sequence[CreatorMilestone]) -> list[Span]:
    creators = {one.creator for one in milestones}
    rows = CreatorTotal.objects.filter(creator__in=creators).values("creator_id", *COLUMNS)
    totals = {row["creator_id"]: total_row(row) for row in rows}
    return [
        Span(one.creator.number, totals[one.creator.number], *recent_days(day_of(one.reached_at)), one.month)
        for one in milestones
    ]
