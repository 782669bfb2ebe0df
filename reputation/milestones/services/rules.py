"""Rules of milestones, in versions: platforms have their own, and staff those for all creators."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import LARGEST
from gigstream.core.people.names import normal_name
from gigstream.core.postgres.transactions import wait_for_lock
from platforms.models import Platform
from platforms.platforms.services.platforms import require_active
from platforms.tasks.errors import NOTHING_HERE
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, MilestoneAction
from reputation.milestones.errors import (
    InvalidMilestoneRule,
    MilestoneRuleExists,
    MilestoneRuleNotFound,
    MilestoneRuleRetired,
)
from reputation.milestones.models import MilestoneCondition, MilestoneRule
from reputation.milestones.models.rules import NAME_PATTERN

MOST_CONDITIONS = 5
LONGEST_DESCRIPTION = 300


@verb("milestone_rule.create", "platform")
def create_milestone_rule(
    *,
    platform_id: UUID | None,
    name: str,
    description: str,
    action: str,
    conditions: Sequence[Condition],
    reason: str = "",
    now: datetime | None = None,
) -> MilestoneRule:
    """Make the first version of a rule, or the next one of a rule that was retired, for the creators of a
    platform, or of every platform with None. It is reached by changes from now on.

    Raises InvalidMilestoneRule, InvalidName, MilestoneRuleExists, PlatformSuspended or PlatformDeleted.
    """
    now = now or database_now()
    if not re.fullmatch(NAME_PATTERN, name, re.ASCII):
        raise InvalidMilestoneRule(
            "a rule's name has 2 to 60 small letters, digits and underscores, the first of them a letter"
        )
    require_conditions(conditions)
    if platform_id is not None:
        require_active(platform=Platform.objects.get(pk=platform_id))
    wait_for_lock(f"milestone rule {platform_id}:{name}")
    versions = MilestoneRule.objects.filter(platform=platform_id, name=name).order_by("-version")
    newest = versions.first()
    if newest is not None and newest.retired_at is None:
        raise MilestoneRuleExists(
            f"the rule {name} is in force, in version {newest.version}", rule_id=newest.pk
        )
    rule = _insert(
        MilestoneRule(
            created_at=now,
            platform_id=platform_id,
            name=name,
            version=newest.version + 1 if newest else 1,
            description=normal_description(description),
            action=MilestoneAction(action),
        ),
        conditions,
    )
    audit.record(
        "milestone_rule.create", rule, after=_as_values(rule, conditions), metadata=_of(reason), now=now
    )
    return rule


@verb("milestone_rule.change", "milestonerule")
def change_milestone_rule(
    *,
    rule_id: UUID,
    description: str,
    conditions: Sequence[Condition],
    platform_id: UUID | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> MilestoneRule:
    """Retire this version of a rule, of that platform if one is given, and return the next one.
    Milestones under the old version stay, and the next one can be reached once as well.

    Raises InvalidMilestoneRule, InvalidName, MilestoneRuleNotFound or MilestoneRuleRetired.
    """
    now = now or database_now()
    require_conditions(conditions)
    old = _lock_in_force(rule_id, platform_id)
    _retire(old, now)
    rule = _insert(
        MilestoneRule(
            created_at=now,
            platform_id=old.platform_id,
            name=old.name,
            version=old.version + 1,
            description=normal_description(description),
            action=old.action,
        ),
        conditions,
    )
    audit.record(
        "milestone_rule.change", rule, after=_as_values(rule, conditions), metadata=_of(reason), now=now
    )
    return rule


@verb("milestone_rule.retire", "milestonerule")
def retire_milestone_rule(
    *, rule_id: UUID, platform_id: UUID | None = None, reason: str = "", now: datetime | None = None
) -> MilestoneRule:
    """Retire a rule, of that platform if one is given: nobody reaches it any more. Raises
    MilestoneRuleNotFound or MilestoneRuleRetired."""
    now = now or database_now()
    rule = _lock_in_force(rule_id, platform_id)
    _retire(rule, now)
    audit.record("milestone_rule.retire", rule, metadata=_of(reason), now=now)
    return rule


def require_conditions(conditions: Sequence[Condition]) -> None:
    """Raise InvalidMilestoneRule unless a rule can have these conditions."""
    if not 1 <= len(conditions) <= MOST_CONDITIONS:
        raise InvalidMilestoneRule(f"a rule has 1 to {MOST_CONDITIONS} conditions, not {len(conditions)}")
    if len({(one.metric, one.window) for one in conditions}) < len(conditions):
        raise InvalidMilestoneRule("a metric has one condition over each window")
    for one in conditions:
        if not 0 < one.threshold <= LARGEST:
            raise InvalidMilestoneRule(f"a threshold is above 0 and at most {LARGEST:f}")
        if one.metric != Metric.REVENUE and one.threshold != one.threshold.to_integral_value():
            raise InvalidMilestoneRule(
                f"a threshold of {one.metric.value} is a whole number, not {one.threshold:f}"
            )


def normal_description(text: str) -> str:
    """Return a rule's description as it is kept. Raises InvalidName or InvalidMilestoneRule."""
    kept = normal_name(text)
    if len(kept) > LONGEST_DESCRIPTION:
        raise InvalidMilestoneRule(
            f"a description has at most {LONGEST_DESCRIPTION} characters, not {len(kept)}"
        )
    return kept


def _insert(rule: MilestoneRule, conditions: Sequence[Condition]) -> MilestoneRule:
    rule.save(force_insert=True)
    MilestoneCondition.unguarded.bulk_create(
        MilestoneCondition(rule=rule, metric=one.metric, window=one.window, threshold=one.threshold)
        for one in conditions
    )
    return rule


def _lock_in_force(rule_id: UUID, platform_id: UUID | None) -> MilestoneRule:
    rows = MilestoneRule.objects.locked().filter(pk=rule_id)
    rule = (rows if platform_id is None else rows.filter(platform=platform_id)).first()
    if rule is None:
        raise MilestoneRuleNotFound(NOTHING_HERE)
    if rule.retired_at is not None:
        raise MilestoneRuleRetired(f"version {rule.version} of {rule.name} was retired", rule_id=rule.pk)
    return rule


def _retire(rule: MilestoneRule, now: datetime) -> None:
    rule.retired_at = now
    rule.save(update_fields=["retired_at"])


def _as_values(rule: MilestoneRule, conditions: Sequence[Condition]) -> dict[str, object]:
    return {
        "name": rule.name,
        "version": rule.version,
        "action": rule.action,
        "conditions": [f"{one.metric.value} {one.window.value} {one.threshold:f}" for one in conditions],
    }


def _of(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}
