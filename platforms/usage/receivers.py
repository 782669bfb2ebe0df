"""Events about usage, and followers in the sums of days."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from platforms.events.services.events import NewEvent, publish_events
from platforms.models import Follow, UsageBatch, UsageCorrection
from platforms.signals import follows_begun, follows_ended, usage_accepted, usage_corrected
from platforms.usage import payloads
from platforms.usage.services.counting import count_followers
from platforms.usage.vocabulary import USAGE_BATCH_ACCEPTED, USAGE_CORRECTED


@receiver(usage_accepted)
def publish_usage_accepted(batches: Sequence[UsageBatch], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(batch.platform_id, USAGE_BATCH_ACCEPTED, payloads.of_batch(batch), now)
        for batch in batches
    )


@receiver(usage_corrected)
def publish_usage_corrected(corrections: Sequence[UsageCorrection], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(one.platform_id, USAGE_CORRECTED, payloads.of_correction(one), now) for one in corrections
    )


@receiver(follows_begun)
def count_begun_follows(follows: Sequence[Follow], now: datetime, **kwargs: Any) -> None:
    """Count who follows from now on on the day of their creator."""
    count_followers(days=[(follow.creator_id, follow.since, 1, 0) for follow in follows], now=now)


@receiver(follows_ended)
def count_ended_follows(follows: Sequence[Follow], now: datetime, **kwargs: Any) -> None:
    """Count who follows no longer on the day of their creator."""
    ended = [(follow.creator_id, follow.until, 0, 1) for follow in follows if follow.until is not None]
    count_followers(days=ended, now=now)
