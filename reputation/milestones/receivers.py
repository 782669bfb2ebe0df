"""Use and followers move creators towards milestones, and platforms hear of those that are reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from platforms.events.services.events import NewEvent, publish_events
from platforms.models import Platform
from platforms.signals import followers_counted, usage_counted, usage_rebuilt
from platforms.usage.calculations.changes import FollowersChange, UsageChange
from reputation.milestones import payloads
from reputation.milestones.calculations import MetricChange
from reputation.milestones.models import CreatorMilestone
from reputation.milestones.services import count_changes, recount_totals
from reputation.milestones.vocabulary import MILESTONE_REACHED
from reputation.signals import milestones_reached


@receiver(usage_counted)
def count_usage(changes: Sequence[UsageChange], now: datetime, **kwargs: Any) -> None:
    """Count use, or use that is taken back."""
    rows = [
        MetricChange(
            one.creator,
            one.day,
            (one.plays, 0, one.likes, one.comments, one.shares, one.purchases, one.sales + one.tips),
        )
        for one in changes
    ]
    count_changes(changes=rows, now=now)


@receiver(followers_counted)
def count_followers(changes: Sequence[FollowersChange], now: datetime, **kwargs: Any) -> None:
    """Count who follows from now on, or no longer."""
    rows = [MetricChange(one.creator, one.day, (0, one.gained - one.lost, 0, 0, 0, 0, 0)) for one in changes]
    count_changes(changes=rows, now=now)


@receiver(usage_rebuilt)
def recount(platforms: Sequence[Platform], now: datetime, **kwargs: Any) -> None:
    """Have the totals follow days that were written anew."""
    recount_totals(platforms=platforms)


@receiver(milestones_reached)
def publish_milestones_reached(milestones: Sequence[CreatorMilestone], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(one.creator.platform_id, MILESTONE_REACHED, payloads.of_milestone(one), now)
        for one in milestones
    )
