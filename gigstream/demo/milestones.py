"""Rules of milestones in the demo: those of the house, and one of the music platform."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from reputation.milestones import services
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, MilestoneAction, Window

# Name, description, action and conditions.
RULES = (
    (
        "token",
        "50,000 plays and 5,000 followers: a token of your own",
        MilestoneAction.CREATE_TOKEN,
        ((Metric.PLAYS, Window.ALL_TIME, 50_000), (Metric.FOLLOWERS, Window.ALL_TIME, 5_000)),
    ),
    ("eligible", "5,000 followers", MilestoneAction.ELIGIBLE, ((Metric.FOLLOWERS, Window.ALL_TIME, 5_000),)),
    (
        "revenue_sharing",
        "A revenue of 100 USDC in a month",
        MilestoneAction.REVENUE_SHARING,
        ((Metric.REVENUE, Window.MONTH, 100),),
    ),
)
FIRST_FOLLOWERS = (
    "first_followers",
    "The first ten followers",
    MilestoneAction.ELIGIBLE,
    ((Metric.FOLLOWERS, Window.ALL_TIME, 10),),
)


def make_milestone_rules(*, platform_id: UUID, now: datetime) -> None:
    """Make the rules for creators of every platform, and one for those of this platform."""
    for owner, rules in ((None, RULES), (platform_id, (FIRST_FOLLOWERS,))):
        for name, description, action, conditions in rules:
            services.create_milestone_rule(
                platform_id=owner,
                name=name,
                description=description,
                action=action,
                conditions=[
                    Condition(metric, window, Decimal(least)) for metric, window, least in conditions
                ],
                now=now,
            )
