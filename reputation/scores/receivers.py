"""Rules of reputation that follow from work, disputes and the end of a worker's account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import pre_delete, pre_save
from django.dispatch import receiver

from platforms.models import Dispute, Task
from platforms.signals import disputes_filed, disputes_resolved, tasks_completed, tasks_rated
from reputation.models import ReputationEvent
from reputation.scores import services
from reputation.signals import reputation_changed
from workers.models import Worker


@receiver(pre_save, sender=ReputationEvent)
def update_reputation_score(instance: ReputationEvent, **kwargs: Any) -> None:
    """Keep the worker's score in step with an event that is inserted (docs/domain.md, section 5)."""
    if instance._state.adding:
        services.score_event(instance)


@receiver(tasks_completed)
def record_completions(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    services.record_completions(tasks, now=now)


@receiver(tasks_rated)
def record_ratings(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    services.record_ratings(tasks, now=now)


@receiver(disputes_filed)
def record_disputes(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    services.record_disputes(disputes, now=now)


@receiver(disputes_resolved)
def record_resolutions(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    services.record_resolutions(disputes, now=now)


@receiver(pre_delete, sender=Worker)
def let_events_go_with_their_worker(instance: Worker, **kwargs: Any) -> None:
    services.allow_erasing(instance)


@receiver(reputation_changed)
def publish_scores(events: Sequence[ReputationEvent], now: datetime, **kwargs: Any) -> None:
    services.publish_scores(events, now=now)
