"""Pools: money that arrives is shared by one write, and nothing of it is lost when members join and leave."""

import random
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gigstream.core.money import from_micro, to_micro
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Pool, PoolMember, PoolWrite
from payments.royalties.calculations.shares import SCALE
from payments.royalties.errors import (
    PoolHasNoMembers,
    PoolNameTaken,
    PoolNotOpen,
    RoyaltiesNotPaid,
)
from tests.support.books import violated
from tests.support.creators.catalogue import creator
from tests.support.creators.royalties import paying_platform
from tests.support.database.snapshots import everything
from tests.support.factories import NOW, balance, house_balance
from tests.support.long_forms import count
from workers import services as workers

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform():
    return paying_platform()


@pytest.fixture
def pool(platform):
    return payments.create_pool(platform_id=platform.pk, name="Catalogue fund", now=NOW)


def joined(pool, units, creator_=None):
    member = creator_ or creator(pool.platform)
    payments.set_pool_units(pool_id=pool.pk, creator_id=member.pk, units=units, now=NOW)
    return member


def add(pool, amount):
    return payments.add_to_pool(pool_id=pool.pk, amount=amount, now=NOW)


def got(member):
    return balance(member.worker, "available")


def test_money_is_shared_by_units_and_paid_from_a_dollar_on(pool):
    first, second = joined(pool, 3), joined(pool, 1)

    add(pool, "4")

    assert (balance(pool.platform, "escrow"), balance(pool.platform, "available")) == (
        Decimal("4.08"),
        Decimal("995.92"),
    )
    assert payments.pay_pools(now=NOW) == 2
    assert (got(first), got(second)) == (3, 1)
    assert house_balance("fees") == Decimal("0.08")
    add(pool, "2")
    assert payments.pay_pools(now=NOW) == 1
    assert (got(first), got(second)) == (Decimal("4.5"), 1)
    assert balance(pool.platform, "escrow") == Decimal("0.51")
    assert violated() == {}


def test_a_write_takes_as_many_statements_for_many_members_as_for_one(pool):
    joined(pool, 1)
    # The accounts are there from the first arrival on.
    add(pool, "1")
    with CaptureQueriesContext(connection) as one:
        add(pool, "1")
    for _ in range(20):
        joined(pool, 7)
    with CaptureQueriesContext(connection) as many:
        add(pool, "1")

    assert len(many) == len(one)


def test_who_joins_later_has_no_part_of_what_arrived_before(pool):
    first = joined(pool, 1)
    add(pool, "1")
    second = joined(pool, 1)
    add(pool, "1")

    payments.pay_pools(now=NOW)
    payments.close_pool(pool_id=pool.pk, now=NOW)
    payments.pay_pools(now=NOW)

    assert (got(first), got(second)) == (Decimal("1.5"), Decimal("0.5"))
    assert violated() == {}


def test_a_change_of_units_first_pays_what_is_due(pool):
    member = joined(pool, 2)
    add(pool, "0.5")

    joined(pool, 0, member)

    assert got(member) == Decimal("0.5")
    with pytest.raises(PoolHasNoMembers):
        add(pool, "1")
    assert violated() == {}


def test_closing_gives_what_is_left_to_the_largest_fractions(pool):
    members = [joined(pool, units) for units in (1, 1, 1)]
    add(pool, "0.000002")
    assert payments.pay_pools(now=NOW) == 0

    payments.close_pool(pool_id=pool.pk, now=NOW)
    payments.pay_pools(now=NOW)

    assert [got(member) for member in members] == [Decimal("0.000001"), Decimal("0.000001"), 0]
    pool.refresh_from_db()
    assert (pool.status, pool.units, pool.carry, pool.paid) == ("closed", 0, 0, Decimal("0.000002"))
    assert balance(pool.platform, "escrow") == 0
    assert violated() == {}


def test_a_closed_pool_takes_nothing_more(pool):
    member = joined(pool, 1)
    payments.close_pool(pool_id=pool.pk, now=NOW)
    before = everything()

    for act in (
        lambda: add(pool, "1"),
        lambda: joined(pool, 2, member),
        lambda: payments.close_pool(pool_id=pool.pk, now=NOW),
    ):
        with pytest.raises(PoolNotOpen):
            act()

    assert everything() == before


def test_money_for_nobody_and_money_that_is_not_there_are_refused(pool):
    with pytest.raises(PoolHasNoMembers):
        add(pool, "1")
    joined(pool, 1)
    before = everything()

    with pytest.raises(InsufficientFunds):
        add(pool, "999")

    assert everything() == before


def test_a_name_is_one_pools(pool):
    with pytest.raises(PoolNameTaken):
        payments.create_pool(platform_id=pool.platform_id, name="Catalogue fund", now=NOW)


def test_a_member_stays_until_the_pool_is_closed(pool):
    member = joined(pool, 1)

    with pytest.raises(RoyaltiesNotPaid):
        workers.delete_worker(worker_id=member.worker_id)


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=1, long=6)))
def test_nothing_is_lost_whatever_happens(platform, seed):
    """Play arrivals, joins, leaves and payments, with a loop over the members as the model."""
    dice = random.Random(seed)
    pool = payments.create_pool(platform_id=platform.pk, name="Fund", now=NOW)
    members = [creator(platform) for _ in range(4)]
    units, owed, carry, received = dict.fromkeys(range(4), 0), dict.fromkeys(range(4), 0), 0, 0
    for _ in range(count(short=40, long=300)):
        act = dice.choice(["add", "add", "units", "pay"])
        if act == "add" and any(units.values()):
            micros = dice.choice([1, 3, 999_999, dice.randrange(1, 3_000_000)])
            add(pool, f"{from_micro(micros):f}")
            received += micros
            per_unit, carry = divmod(micros * SCALE + carry, sum(units.values()))
            owed = {number: owed[number] + units[number] * per_unit for number in units}
        elif act == "units":
            number = dice.randrange(4)
            units[number] = dice.randrange(4)
            joined(pool, units[number], members[number])
        elif act == "pay":
            payments.pay_pools(now=NOW)
        check(pool, members, owed, carry, received)
    assert violated() == {}
    payments.close_pool(pool_id=pool.pk, now=NOW)
    payments.pay_pools(now=NOW)

    assert sum(got(member) for member in members) == from_micro(received)
    assert violated() == {}


def check(pool, members, owed, carry, received):
    found = Pool.objects.get(pk=pool.pk)
    rows = {row.creator_id: row for row in PoolMember.objects.filter(pool=pool)}
    for number, member in enumerate(members):
        row = rows.get(member.number)
        if row is not None:
            due = row.units * (int(found.index) - int(row.index_at)) + int(row.fraction)
            assert to_micro(row.paid) * SCALE + due == owed[number]
    assert (int(found.carry), to_micro(found.received)) == (carry, received)
    assert sum(one.amount for one in PoolWrite.objects.filter(pool=pool)) == found.received
