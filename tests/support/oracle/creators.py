"""Creators with an address, and a source of their numbers over the rows of the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count
from eth_account import Account

from payments.oracle.calculations import CreatorNumbers
from payments.oracle.registry import registry
from platforms import services as platforms
from platforms.models import CreatorProfile, Follow, Platform, Work
from tests.support.creators.catalogue import creator, listener, work
from tests.support.factories import NOW, PlatformFactory


@dataclass
class CatalogueNumbers:
    """A source of numbers: followers are open follows, plays are set by the test for each work, and a play is
    worth a thousandth of a USDC."""

    plays: dict[UUID, int] = field(default_factory=dict)
    events: int = 0

    def numbers_of(self, creators: Sequence[UUID]) -> Mapping[UUID, CreatorNumbers]:
        follows = Follow.objects.open().filter(creator__in=creators).values("creator")
        followers = dict(follows.annotate(all=Count("id")).values_list("creator", "all"))
        plays: dict[UUID, int] = {}
        for work_id, creator_id in Work.objects.filter(creator__in=creators).values_list("pk", "creator"):
            plays[creator_id] = plays.get(creator_id, 0) + self.plays.get(work_id, 0)
        return {
            one: CreatorNumbers(
                plays=plays.get(one, 0),
                followers=followers.get(one, 0),
                likes=plays.get(one, 0) // 10,
                listeners=plays.get(one, 0) // 3,
                revenue=Decimal(plays.get(one, 0)).scaleb(-3),
            )
            for one in creators
        }

    def count_events(self, platform: UUID | None, *, after: datetime, until: datetime) -> int:
        return self.events


@contextmanager
def registered_source() -> Iterator[CatalogueNumbers]:
    """Register a source for as long as the block lasts."""
    source, before = CatalogueNumbers(), registry.source
    registry.source = None
    registry.register_source(source)
    try:
        yield source
    finally:
        registry.source = before


def on_chain(platform: Platform | None = None, *, address: str = "", now: datetime = NOW) -> CreatorProfile:
    """Return a verified creator with an address for metrics."""
    made = creator(
        platform or PlatformFactory.create(now=now),
        metrics_address=address or Account.create().address,
        now=now,
    )
    return platforms.verify_creator(creator_id=made.pk, now=now)


def many_on_chain(platform: Platform, count: int, *, now: datetime = NOW) -> list[CreatorProfile]:
    return [on_chain(platform, now=now) for _ in range(count)]


def played(source: CatalogueNumbers, one: CreatorProfile, plays: int) -> Work:
    """Return a work of the creator that was played so often."""
    made = work(one, now=one.created_at)
    source.plays[made.pk] = plays
    return made


def followed(one: CreatorProfile, fan: str, *, now: datetime = NOW) -> None:
    listener(one.platform, fan, now=now)
    platforms.follow_creator(platform_id=one.platform_id, creator_id=one.pk, listener=fan, now=now)
