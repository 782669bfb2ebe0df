"""Twenty at once: what creators have earned is accrued, funded and paid once."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from payments import services as payments
from payments.models import DailyAccrual, Distribution, PeriodFunding, PoolWrite, RoyaltyPayment, RoyaltyTerms
from payments.royalties.errors import DistributionNotDraft
from tests.support.creators.catalogue import creator
from tests.support.creators.royalties import (
    after_midnight,
    count_use,
    parts_of,
    paying_platform,
    play,
    song_of,
)
from tests.support.creators.usage import accepted, event, have_months, report
from tests.support.factories import NOW, balance

pytestmark = pytest.mark.django_db(transaction=True)
TWENTY = 20
DAY = NOW.date()
LATER = after_midnight(DAY, minutes=360)


@pytest.fixture(autouse=True)
def months():
    have_months()


def test_twenty_accruers_accrue_a_day_once(at_once, books_balance):
    songs = [song_of(paying_platform()) for _ in range(2)]
    for song in songs:
        play(song, times=5)

    done, refusals = at_once(*[partial(payments.accrue_royalties, now=LATER)] * TWENTY)

    assert (sum(done), refusals) == (2, [])
    assert RoyaltyTerms.objects.count() == DailyAccrual.objects.count() == PeriodFunding.objects.count() == 2
    for song in songs:
        assert parts_of(song.creator) == {"accrued": Decimal("0.05"), "carried": Decimal("0.05")}
    books_balance()


def test_twenty_payers_pay_tips_once(at_once, books_balance):
    song = song_of(paying_platform())
    accepted(song.platform, *(event(song, "tip", amount="0.5") for _ in range(4)))
    payments.accrue_royalties(now=NOW)

    done, refusals = at_once(*[partial(payments.pay_royalties, now=NOW)] * TWENTY)

    assert (sum(done), refusals) == (1, [])
    assert RoyaltyPayment.objects.count() == 1
    assert balance(song.creator.worker, "available") == 2
    books_balance()


def test_use_that_is_reported_while_its_day_is_accrued_is_not_missed(at_once, books_balance):
    song = song_of(paying_platform())
    reports = [
        partial(report, song.platform, *(event(song, listener=f"fan-{n}-{m}") for m in range(3)), now=LATER)
        for n in range(TWENTY // 2)
    ]

    _, refusals = at_once(*reports, *[partial(payments.accrue_royalties, now=LATER)] * (TWENTY // 2))
    payments.accrue_royalties(now=LATER + timedelta(minutes=1))

    assert refusals == []
    assert parts_of(song.creator)["accrued"] == Decimal("0.30")
    books_balance()


def test_twenty_payers_pay_a_distribution_once(at_once, books_balance):
    platform = paying_platform()
    songs = [song_of(platform) for _ in range(5)]
    for song in songs:
        play(song)
    count_use(LATER)
    found = payments.draft_distribution(
        platform_id=platform.pk, first=DAY, last=DAY, mode="pro_rata", amount="10", now=LATER
    )
    approve = partial(payments.approve_distribution, distribution_id=found.pk, now=LATER)

    approved, refusals = at_once(*[approve] * TWENTY)
    done, none = at_once(*[partial(payments.pay_distributions, now=LATER)] * TWENTY)

    assert len(approved) == 1
    assert {type(refusal) for refusal in refusals} == {DistributionNotDraft}
    assert (sum(done), none) == (5, [])
    assert Distribution.objects.get().paid_amount == 10
    assert [balance(song.creator.worker, "available") for song in songs] == [2] * 5
    books_balance()


def test_twenty_arrivals_members_and_payers_of_a_pool_follow_each_other(at_once, books_balance):
    platform = paying_platform()
    pool = payments.create_pool(platform_id=platform.pk, name="Fund", now=NOW)
    members = [creator(platform) for _ in range(4)]
    for member in members:
        payments.set_pool_units(pool_id=pool.pk, creator_id=member.pk, units=1, now=NOW)
    calls = [partial(payments.add_to_pool, pool_id=pool.pk, amount="3.000001", now=NOW)] * 10
    calls += [
        partial(payments.set_pool_units, pool_id=pool.pk, creator_id=one.pk, units=3, now=NOW)
        for one in members
    ]
    calls += [partial(payments.pay_pools, now=NOW)] * 6

    _, refusals = at_once(*calls)
    payments.close_pool(pool_id=pool.pk, now=NOW)
    payments.pay_pools(now=NOW)

    assert refusals == []
    assert PoolWrite.objects.count() == 10
    assert sum(balance(one.worker, "available") for one in members) == Decimal("30.00001")
    books_balance()
