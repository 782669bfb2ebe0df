"""Given: creators, works and listeners, made through the services."""

import itertools
from datetime import datetime
from typing import Any

from platforms import services as platforms
from platforms.models import CreatorProfile, Platform, Work
from platforms.services import WorkPlan
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, WorkerFactory, consent
from workers.models import Worker

_numbers = itertools.count(1)


def creator(
    platform: Platform | None = None,
    worker: Worker | None = None,
    *,
    name: str = "The Band",
    now: datetime = AT,
    **given: Any,
) -> CreatorProfile:
    """Return a creator profile of a worker who has agreed to work for the platform."""
    platform = platform or PlatformFactory.create(now=now)
    worker = worker or WorkerFactory.create(now=now)
    consent(platform, worker, now=now)
    return platforms.create_creator(
        platform_id=platform.pk, worker_id=worker.pk, display_name=name, now=now, **given
    )


def work(of: CreatorProfile | None = None, *, now: datetime = AT, **given: Any) -> Work:
    """Return a work of the creator."""
    of = of or creator(now=now)
    plan = WorkPlan(**{"external_id": f"work-{next(_numbers)}", "title": "A Song", "kind": "track", **given})
    return platforms.publish_work(platform_id=of.platform_id, creator_id=of.pk, plan=plan, now=now)


def listener(platform: Platform, external_id: str = "fan", *, now: datetime = AT) -> int:
    """Return the number of the platform's listener of this id."""
    found = platforms.resolve_listeners(platform_id=platform.pk, external_ids=[external_id], now=now)
    return found[external_id]
