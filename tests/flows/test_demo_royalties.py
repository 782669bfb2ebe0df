"""The demo's distribution: sixty days of use shared among three creators, by two of the staff."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gigstream.demo.royalties import AMOUNT, DAYS, distribute_by_use
from tests.support.books import violated
from tests.support.creators.royalties import paying_platform, play, song_of
from tests.support.creators.usage import have_months
from tests.support.factories import NOW, balance
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db


def test_a_sum_is_distributed_by_sixty_days_of_use():
    begin = NOW - timedelta(days=DAYS)
    platform = paying_platform(now=begin)
    songs = [song_of(platform, now=begin) for _ in range(3)]
    for number, song in enumerate(songs, start=1):
        for day in range(1, DAYS, 20):
            at = begin + timedelta(days=day)
            have_months(at)
            play(song, f"fan-{number}", times=number, at=at, now=at)

    found = distribute_by_use(platform, requester=member("ann").actor, approver=member("bob").actor, now=NOW)

    assert (found.status, found.creators, found.last - found.first) == ("paid", 3, timedelta(days=DAYS - 1))
    assert [balance(song.creator.worker, "available") for song in songs] == [Decimal(AMOUNT) / 3] * 3
    assert violated() == {}
