"""Catalogue of the demo's music platform: creators with their works, and listeners who follow them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.demo.milestones import make_milestone_rules
from platforms import services as platforms
from platforms.models import CreatorProfile, Platform, Work
from platforms.services import Place, WorkPlan
from workers.models import Worker

# Name as the public sees it, whether it is verified, and works: title, price, rate per play.
CREATORS: Mapping[str, tuple[str, bool, tuple[tuple[str, str | None, str | None], ...]]] = {
    "Grace": (
        "Grace Notes",
        True,
        (("Paper Boats", None, "0.004"), ("Low Tide", None, "0.004"), ("Harbour Live", "4.50", None)),
    ),
    "Henry": (
        "Taylor & Strings",
        True,
        (("Second Fiddle", None, "0.003"), ("Rosin", None, "0.003"), ("Open Strings", "1.20", "0.003")),
    ),
    "Jack": ("DJ Wilson", False, (("First Set", None, "0.002"), ("Night Bus", None, None))),
}
FOLLOWERS = {"Grace": 24, "Henry": 12, "Jack": 5}
# From its second day as a worker each creator publishes, a work every fifth day.
DAYS_BETWEEN_WORKS = 5
ALBUM = "Grace Notes: the first year"


class CatalogueScenes:
    """Scenes of a music platform, for which these workers work."""

    def __init__(self, people: Mapping[str, Worker], platform: Platform) -> None:
        self._people = people
        self._platform = platform

    def publish(self) -> None:
        """Make the creators, publish their works, and let listeners follow them, by which two of them reach a
        milestone."""
        first = min(self._begun(name) for name in CREATORS)
        make_milestone_rules(platform_id=self._platform.pk, now=first - timedelta(hours=1))
        with acting(Actor(ActorType.PLATFORM, str(self._platform.pk))):
            made = {name: self._make_creator(name) for name in CREATORS}
            self._make_album(made["Grace"])
            for name, count in FOLLOWERS.items():
                for number in range(count):
                    platforms.follow_creator(
                        platform_id=self._platform.pk,
                        creator_id=made[name].pk,
                        listener=f"fan-{number}",
                        now=self._begun(name) + timedelta(hours=6 * (number + 1)),
                    )

    def _begun(self, name: str) -> datetime:
        """Return when the worker became a creator: some hours after the consent to work for the platform."""
        return self._people[name].created_at + timedelta(hours=4)

    def _make_creator(self, name: str) -> CreatorProfile:
        display_name, is_verified, works = CREATORS[name]
        begun = self._begun(name)
        creator = platforms.create_creator(
            platform_id=self._platform.pk,
            worker_id=self._people[name].pk,
            display_name=display_name,
            now=begun,
        )
        if is_verified:
            platforms.verify_creator(creator_id=creator.pk, now=begun + timedelta(hours=1))
        for number, (title, price, rate) in enumerate(works, 1):
            published = begun + timedelta(hours=2, days=DAYS_BETWEEN_WORKS * (number - 1))
            plan = WorkPlan(
                external_id=f"{name.lower()}-{number}",
                title=title,
                kind="track",
                price=price,
                rate=rate,
                published_on=published.date(),
            )
            platforms.publish_work(
                platform_id=self._platform.pk,
                creator_id=creator.pk,
                plan=plan,
                now=published,
            )
        return creator

    def _make_album(self, creator: CreatorProfile) -> None:
        works: Any = Work.objects.filter(creator=creator).order_by("external_id").values_list("pk", flat=True)
        platforms.create_collection(
            platform_id=self._platform.pk,
            title=ALBUM,
            creator_id=creator.pk,
            works=[Place(work_id, position) for position, work_id in enumerate(works, 1)],
            now=self._begun("Grace") + timedelta(days=DAYS_BETWEEN_WORKS * len(CREATORS["Grace"][2])),
        )
