"""Events of use for `manage.py seed_demo --scale --usage EVENTS`, reported in batches over sixty days."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from platforms import services as platforms
from platforms.models import Consent, Platform
from platforms.services import WorkPlan
from platforms.usage.calculations.packing import MOST_EVENTS

DAYS, DAYS_IN_A_PART = 60, 5
MOST_CREATORS, WORKS_OF_EACH = 500, 10
LISTENERS = 100_000
MOST_USAGE = 100_000_000
SEED = "use at scale"
KINDS = ("play", "comment", "share", "tip")
SHARES = (93, 4, 2, 1)


class Use:
    """So many events of use up to `now`, on the platform for which most workers work."""

    def __init__(self, events: int, now: datetime) -> None:
        self._now = now
        self._chance = random.Random(SEED)  # noqa: S311 - the same use for the same size
        self._a_day = max(events // DAYS, 1)
        self._left = events
        self._platform: Any = None
        self._works: list[str] = []

    def parts(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the parts of the work, each with its name."""
        days = [self._now - timedelta(days=back) for back in range(DAYS, 0, -1)]
        parts = [days[first : first + DAYS_IN_A_PART] for first in range(0, DAYS, DAYS_IN_A_PART)]
        return [
            ("creators", self._publish),
            *(("usage", lambda some=some: self._report(some)) for some in parts),
        ]

    def _publish(self) -> None:
        """Make creators of the workers who agreed first, with works."""
        begun = self._now - timedelta(days=DAYS + 1)
        agreed = Consent.objects.filter(ended_at=None, accepted_at__lt=begun)
        self._platform = Platform.objects.get(
            pk=agreed.values("platform").annotate(all=Count("id")).latest("all", "platform")["platform"]
        )
        found = agreed.filter(platform=self._platform).order_by("accepted_at", "pk")[:MOST_CREATORS]
        for number, worker_id in enumerate(found.values_list("worker", flat=True)):
            creator = platforms.create_creator(
                platform_id=self._platform.pk,
                worker_id=worker_id,
                display_name=f"Creator {number}",
                now=begun,
            )
            for song in range(WORKS_OF_EACH):
                plan = WorkPlan(external_id=f"work-{number}-{song}", title=f"Song {song}", kind="track")
                platforms.publish_work(
                    platform_id=self._platform.pk, creator_id=creator.pk, plan=plan, now=begun
                )
                self._works.append(plan.external_id)
        platforms.make_months(
            {(begun + timedelta(days=day)).date().replace(day=1) for day in range(DAYS + 2)}
        )

    def _report(self, days: list[datetime]) -> None:
        for day in days:
            count = self._left if day >= self._now - timedelta(days=1) else min(self._a_day, self._left)
            self._left -= count
            for first in range(0, count, MOST_EVENTS):
                some = range(first, min(first + MOST_EVENTS, count))
                platforms.report_usage(
                    platform_id=self._platform.pk,
                    items=[self._event(f"{day:%m%d}-{number}", day) for number in some],
                    now=day + timedelta(days=1),
                )

    def _event(self, name: str, day: datetime) -> dict[str, Any]:
        chance = self._chance
        # Few works are played by most.
        place = int(len(self._works) * chance.random() ** 3)
        [kind] = chance.choices(KINDS, SHARES)
        event: dict[str, Any] = {
            "id": name,
            "work": self._works[place],
            "kind": kind,
            "listener": f"listener-{chance.randrange(LISTENERS)}",
            "occurred_at": (day + timedelta(seconds=chance.randrange(86_400))).isoformat(),
        }
        if kind == "play":
            event["seconds"] = chance.randrange(20, 300)
        elif kind == "tip":
            event["amount"] = "0.50"
        return event
