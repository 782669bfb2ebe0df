"""Given: rules of milestones, and changes that reach them."""

import itertools
from datetime import datetime
from decimal import Decimal
from typing import Any

from platforms import services as platforms
from platforms.models import CreatorProfile, Platform
from reputation.milestones import services
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, Window
from reputation.milestones.models import CreatorMilestone, MilestoneRule
from tests.support.factories import NOW as AT

_numbers = itertools.count(1)


def condition(metric: str, window: str, threshold: str | int) -> Condition:
    return Condition(Metric(metric), Window(window), Decimal(threshold))


def rule(
    platform: Platform | None,
    *conditions: tuple[str, str, str | int],
    action: str = "eligible",
    now: datetime = AT,
    **given: Any,
) -> MilestoneRule:
    """Return a rule with these conditions, for the creators of the platform or of all."""
    plan = {"name": f"rule_{next(_numbers)}", "description": "Heard by many", **given}
    return services.create_milestone_rule(
        platform_id=None if platform is None else platform.pk,
        action=action,
        conditions=[condition(*one) for one in conditions],
        now=now,
        **plan,
    )


def reached(creator: CreatorProfile, of: MilestoneRule | None = None) -> list[CreatorMilestone]:
    """Return the milestones of the creator, under the rule if one is given, as they are now."""
    found = CreatorMilestone.objects.filter(creator=creator).select_related("rule", "operation")
    return list((found if of is None else found.filter(rule=of)).order_by("created_at", "pk"))


def follow(creator: CreatorProfile, fan: str, *, now: datetime = AT) -> None:
    platforms.follow_creator(platform_id=creator.platform_id, creator_id=creator.pk, listener=fan, now=now)


def unfollow(creator: CreatorProfile, fan: str, *, now: datetime = AT) -> None:
    platforms.unfollow_creator(platform_id=creator.platform_id, creator_id=creator.pk, listener=fan, now=now)


def with_token(creator: CreatorProfile, *, now: datetime = AT) -> CreatorProfile:
    """Return the creator with the address of a token."""
    changes = {"token_address": "0x" + "7a" * 20}
    return platforms.change_creator(creator_id=creator.pk, changes=changes, now=now)


def value(creator: CreatorProfile, amount: str, *, at: datetime = AT, **given: Any) -> Any:
    """Report the market value of the creator's token in USDC."""
    plan = {"currency": "USDC", "rate": "1", "as_of": at, "now": at, **given}
    return services.report_token_value(creator_id=creator.pk, amount=amount, **plan)
