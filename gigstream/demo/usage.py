"""Use of the demo's music: reported every few days since the first work, and paid as it is counted."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from payments import services as payments
from platforms import services as platforms
from platforms.models import Platform, Work

DAYS = 60
DAYS_BETWEEN_REPORTS = 4
LISTENERS = 60
# Plays of each creator's works on a day, and how much longer the older works are known.
PLAYS = {"grace": 26, "henry": 15, "jack": 8}
# Of a hundred plays so many bring a like, a comment, a share or a tip.
LIKES, COMMENTS, SHARES, TIPS = 6, 3, 2, 1
SEED = "sixty days of music"


class UsageScenes:
    """Sixty days of use of a platform's works, up to `now`."""

    def __init__(self, now: datetime, platform: Platform) -> None:
        self._now = now
        self._platform = platform
        self._chance = random.Random(SEED)  # noqa: S311 - the same use in each demo
        self._works = list(Work.objects.filter(platform=platform).order_by("external_id"))
        self._liked: set[tuple[str, str]] = set()
        self._bought: set[str] = set()

    def report(self) -> None:
        """Report the use in batches, and accrue, fund and pay what each of them brings."""
        first = self._now - timedelta(days=DAYS)
        days = [first + timedelta(days=number) for number in range(DAYS)]
        platforms.make_months({day.date().replace(day=1) for day in (*days, self._now)})
        for number in range(0, DAYS, DAYS_BETWEEN_REPORTS):
            some = days[number : number + DAYS_BETWEEN_REPORTS]
            at = some[-1] + timedelta(days=1)
            with acting(Actor(ActorType.PLATFORM, str(self._platform.pk))):
                events = [event for day in some for event in self._events_of(day)]
                platforms.report_usage(platform_id=self._platform.pk, items=events, now=at)
            payments.accrue_royalties(now=at)
            payments.fund_royalties(now=at)
            payments.end_royalty_periods(now=at)
            payments.pay_royalties(now=at)

    def _events_of(self, day: datetime) -> Iterator[Mapping[str, Any]]:
        """Return the use of a day that ends a day after `day`."""
        for work in self._works:
            creator = work.external_id.partition("-")[0]
            if work.published_on >= day.date():
                continue
            for number in range(self._chance.randint(PLAYS[creator] // 4, PLAYS[creator] // 2)):
                at = day + timedelta(seconds=self._chance.randrange(86_000))
                yield from self._heard(work, f"{work.external_id}-{day:%m%d}-{number}", at)

    def _heard(self, work: Work, name: str, at: datetime) -> Iterator[Mapping[str, Any]]:
        """Return a play, and what the listener did after it."""
        listener = f"fan-{min(self._chance.randrange(LISTENERS), self._chance.randrange(LISTENERS))}"
        common = {"work": work.external_id, "listener": listener, "occurred_at": at.isoformat()}
        seconds = self._chance.randint(40, 240)
        yield {**common, "id": f"play-{name}", "kind": "play", "seconds": seconds}
        if work.price is not None and listener not in self._bought and self._chance.random() < 0.02:
            self._bought.add(listener)
            yield {**common, "id": f"buy-{name}", "kind": "purchase", "amount": str(work.price)}
        drawn, pair = self._chance.randrange(100), (work.external_id, listener)
        if drawn < LIKES and pair not in self._liked:
            self._liked.add(pair)
            yield {**common, "id": f"like-{name}", "kind": "like"}
        elif LIKES <= drawn < LIKES + COMMENTS:
            yield {**common, "id": f"comment-{name}", "kind": "comment"}
        elif LIKES + COMMENTS <= drawn < LIKES + COMMENTS + SHARES:
            yield {**common, "id": f"share-{name}", "kind": "share"}
        elif LIKES + COMMENTS + SHARES <= drawn < LIKES + COMMENTS + SHARES + TIPS:
            yield {**common, "id": f"tip-{name}", "kind": "tip", "amount": "0.50"}
