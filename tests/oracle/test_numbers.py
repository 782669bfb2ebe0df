"""Creators' numbers of the sums of usage: what is counted, and who has moved."""

import random
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments.models import ChainOperation, CreatorSync
from payments.oracle.calculations import NO_NUMBERS, CreatorNumbers
from payments.oracle.registry import registry
from payments.oracle.selectors.numbers import UsageNumbers
from platforms import services as platforms
from platforms.models import UsageEvent
from platforms.usage.calculations.periods import day_of
from platforms.usage.enums import UsageKind
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.factories import NOW, PlatformFactory
from tests.support.oracle.creators import followed, many_on_chain, on_chain
from tests.support.oracle.sandbox import SandboxOracle

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def months():
    have_months()


def numbers_of(*creators):
    found = UsageNumbers().numbers_of([one.pk for one in creators])
    return [found[one.pk] for one in creators]


def played(song, *fans, at=NOW):
    return accepted(song.platform, *[event(song, listener=fan, at=at) for fan in fans])


def test_it_is_the_source_that_is_registered():
    assert isinstance(registry.source, UsageNumbers)


def test_numbers_are_sums_over_all_works_and_days():
    one = on_chain()
    songs = [work(one, published_on=day_of(NOW - 40 * DAY)) for _ in range(2)]
    played(songs[0], "ann", "ann", "bob")
    played(songs[1], "ann", "eve", at=NOW - 20 * DAY)
    accepted(
        one.platform,
        event(songs[0], "like"),
        event(songs[1], "like"),
        event(songs[1], "like", listener="bob"),
        event(songs[1], "comment"),
        event(songs[0], "purchase", amount="2.5"),
        event(songs[1], "tip", amount="0.000001"),
    )
    accepted(one.platform, event(songs[1], "unlike"))
    followed(one, "ann")
    followed(one, "bob")
    platforms.unfollow_creator(
        platform_id=one.platform_id, creator_id=one.pk, listener="ann", now=NOW + timedelta(hours=1)
    )

    assert numbers_of(one) == [
        CreatorNumbers(plays=5, followers=1, likes=2, listeners=3, revenue=Decimal("2.500001"))
    ]


def test_listeners_are_those_of_the_thirty_days_that_end_with_a_play():
    one = on_chain()
    song = work(one, published_on=day_of(NOW - 40 * DAY))
    played(song, "early", at=NOW - 30 * DAY)
    played(song, "ann", "bob", at=NOW - 29 * DAY)
    assert numbers_of(one)[0].listeners == 3

    played(song, "ann", "eve")

    assert numbers_of(one)[0].listeners == 3
    accepted(one.platform, event(song, "comment", listener="late", at=NOW + timedelta(minutes=4)))
    assert numbers_of(one)[0].listeners == 3


def test_listeners_stay_as_the_chain_shows_them_once_they_are_final():
    chain, one, other = SandboxOracle(), on_chain(), on_chain()
    late = NOW + 65 * DAY
    songs = [work(creator_, published_on=day_of(NOW - 40 * DAY)) for creator_ in (one, other)]
    refs = played(songs[0], "ann", "bob", at=NOW - DAY) + played(songs[0], "ann", "eve")
    chain.sync()
    chain.work(times=3)
    # The chain has not seen the other one, of whose listeners there were two at least.
    played(songs[1], "ann", "bob", at=NOW - DAY)
    played(songs[1], "eve")
    assert [found.listeners for found in numbers_of(one, other)] == [3, 3]

    assert platforms.prune_listener_days(now=late) > 0

    assert [found.listeners for found in numbers_of(one, other)] == [3, 2]
    chain.now = late
    assert chain.sync() == 1
    chain.work(times=3)
    assert chain.sync() == 0
    # A correction moves the plays alone, and use of later days counts its listeners.
    void(one.platform, refs[0], now=late)
    assert (numbers_of(one)[0].plays, numbers_of(one)[0].listeners) == (3, 3)
    have_months(late)
    accepted(one.platform, event(songs[0], at=late, listener="new"), now=late)
    assert (numbers_of(one)[0].plays, numbers_of(one)[0].listeners) == (4, 1)


def test_somebody_without_use_has_none():
    assert numbers_of(on_chain()) == [NO_NUMBERS]


def test_likes_of_works_that_have_moved_are_not_below_zero():
    first = on_chain()
    second = creator(first.platform)
    song = work(first)
    accepted(first.platform, event(song, "like"))
    platforms.move_work(work_id=song.pk, creator_id=second.pk, now=NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=2)
    accepted(first.platform, event(song, "unlike", at=later), now=later)

    assert [one.likes for one in numbers_of(first, second)] == [1, 0]


@pytest.mark.long_form
def test_two_hundred_creators_are_read_by_one_statement():
    made = many_on_chain(PlatformFactory(), 200)
    played(work(made[0]), "ann")
    played(work(made[199]), "bob", "ann")

    with CaptureQueriesContext(connection) as statements:
        found = UsageNumbers().numbers_of([one.pk for one in made])

    assert len(statements) == 1
    assert [found[one.pk].plays for one in (made[0], made[1], made[199])] == [1, 0, 2]


def test_numbers_of_random_use_are_those_of_a_recount():
    dice = random.Random(7)
    made = many_on_chain(PlatformFactory(), 3)
    songs = [work(one, published_on=day_of(NOW - 40 * DAY)) for one in made for _ in range(2)]
    refs = []
    for _ in range(60):
        song, fan, at = dice.choice(songs), f"fan-{dice.randrange(6)}", NOW - dice.randrange(34) * DAY
        kind = dice.choice(["play", "play", "play", "purchase", "tip", "comment"])
        refs += accepted(song.platform, event(song, kind, listener=fan, at=at))
    gone = dice.sample(refs, 15)
    void(songs[0].platform, *gone)

    counting = [one for one in UsageEvent.objects.all() if one.number not in {ref.number for ref in gone}]
    for one, numbers in zip(made, numbers_of(*made), strict=True):
        own = [use for use in counting if use.creator_number == one.number]
        plays = [use for use in own if use.kind == UsageKind.PLAY]
        newest = max(day_of(use.occurred_at) for use in plays)
        recent = [use for use in plays if (newest - day_of(use.occurred_at)).days < 30]
        assert numbers == CreatorNumbers(
            plays=len(plays),
            followers=0,
            likes=0,
            listeners=len({use.listener_number for use in recent}),
            revenue=sum((use.amount or Decimal(0) for use in own), Decimal(0)),
        )


def test_use_reaches_the_chain_and_is_written_again_only_when_it_has_moved():
    chain, one = SandboxOracle(), on_chain()
    song = work(one)
    refs = played(song, "ann", "bob")

    assert chain.sync() == 1
    chain.work(times=3)
    assert (chain.state(), CreatorSync.objects.get().numbers) == (("confirmed", ""), numbers_of(one)[0])
    for days in (0, 1, 40):
        chain.now += days * DAY
        assert chain.sync() == 0

    void(one.platform, refs[0])
    assert chain.sync() == 1
    chain.work(times=3)
    assert (CreatorSync.objects.get().plays, CreatorSync.objects.get().listeners) == (1, 1)
    assert chain.reconcile().differences == 0


def test_creators_of_many_pages_share_an_operation(monkeypatch):
    monkeypatch.setattr("payments.oracle.services.syncing.PAGE", 2)
    monkeypatch.setattr("payments.oracle.services.syncing.MOST_CREATORS", 3)
    chain, made = SandboxOracle(), many_on_chain(PlatformFactory(), 9)
    moved = [one for place, one in enumerate(made) if place not in (0, 1, 4, 6)]
    for one in moved:
        played(work(one), "ann")

    assert chain.sync() == 5

    counts = ChainOperation.objects.order_by("created_at", "pk").values_list("creator_count", flat=True)
    assert list(counts) == [3, 2]
    chain.work(times=3)
    assert CreatorSync.objects.filter(synced_at__isnull=False, plays=1).count() == 5


def test_events_are_counted_by_the_time_at_which_they_came():
    ours, theirs = work(), work()
    accepted(ours.platform, event(ours), event(ours), now=NOW)
    accepted(theirs.platform, event(theirs), now=NOW + timedelta(minutes=1))
    count = UsageNumbers().count_events

    assert count(None, after=NOW - DAY, until=NOW + DAY) == 3
    assert count(ours.platform_id, after=NOW - DAY, until=NOW) == 2
    assert count(None, after=NOW, until=NOW + DAY) == 1
    assert count(uuid4(), after=NOW - DAY, until=NOW + DAY) == 0
