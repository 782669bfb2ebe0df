"""Shares of a sum and of a pool: exact to the micro-USDC, against models that count member by member."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.royalties.calculations.pools import (
    Holding,
    PoolIndex,
    add_to_index,
    owed_to,
    settle,
    share_rest,
)
from payments.royalties.calculations.shares import SCALE, largest_remainder
from tests.support.long_forms import count

CASES = settings(max_examples=count(short=200, long=10_000), deadline=None)
weights = st.lists(st.integers(0, 10**24), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    "total, given_weights, parts",
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (10, [3, 3, 3, 1], [3, 3, 3, 1]),
        (1, [1, 2, 2], [0, 1, 0]),
        (0, [5, 5], [0, 0]),
        (7, [0, 1], [0, 7]),
    ],
)
def test_these_parts_of_a_sum(total, given_weights, parts):
    assert largest_remainder(total, given_weights) == parts


@pytest.mark.shortened
@CASES
@given(st.integers(0, 10**15), weights)
def test_parts_add_up_and_each_is_within_a_unit_of_its_exact_share(total, given_weights):
    parts = largest_remainder(total, given_weights)
    whole = sum(given_weights)

    assert sum(parts) == total
    for part, weight in zip(parts, given_weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
        assert weight or not part


@pytest.mark.shortened
@CASES
@given(st.integers(0, 10**9), weights)
def test_whoever_has_the_larger_remainder_gets_a_unit_first(total, given_weights):
    parts = largest_remainder(total, given_weights)
    whole = sum(given_weights)
    rests = [total * weight % whole for weight in given_weights]
    raised = [part - total * weight // whole for part, weight in zip(parts, given_weights, strict=True)]
    order = sorted(range(len(rests)), key=lambda at: (-rests[at], at))

    assert [raised[at] for at in order] == sorted(raised, reverse=True)


@pytest.mark.parametrize("given_weights", [[0], [0, 0], [-1, 5]])
def test_weights_without_a_sum_are_refused(given_weights):
    with pytest.raises(ValueError, match="weights"):
        largest_remainder(10, given_weights)


# An arrival of an amount, or a change of a member's units.
arrivals = st.tuples(st.just("arrives"), st.integers(1, 10**12), st.just(0))
changes = st.tuples(st.just("changes"), st.integers(0, 5), st.integers(0, 10**6))


@pytest.mark.shortened
@CASES
@given(st.lists(st.one_of(arrivals, changes), max_size=40))
def test_a_pool_shares_as_a_loop_over_its_members_does(steps):
    pool, received, paid = PoolIndex(0, 0, 0), 0, 0
    members: dict[int, Holding] = {}
    # The model: what each member has got of each arrival, times 10^18, with the same floors.
    carry, model = 0, dict.fromkeys(range(6), 0)
    taken = dict.fromkeys(range(6), 0)
    for kind, first, units in steps:
        if kind == "arrives" and pool.units:
            received += first
            per_unit, carry = divmod(first * SCALE + carry, pool.units)
            for number, member in members.items():
                model[number] += member.units * per_unit
            pool = add_to_index(pool, first)
        elif kind == "changes":
            due, settled = settle(members.get(first, Holding(0, pool.index, 0)), pool.index)
            taken[first] += due
            paid += due
            members[first] = Holding(units, settled.index_at, settled.fraction)
            pool = PoolIndex(pool.index, pool.carry, sum(one.units for one in members.values()))
        owed = {number: owed_to(member, pool.index) for number, member in members.items()}
        assert paid * SCALE + sum(owed.values()) + pool.carry == received * SCALE
        assert {n: taken[n] * SCALE + owed.get(n, 0) for n in model} == model
        assert pool.carry == carry


@pytest.mark.shortened
@CASES
@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=12),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
)
def test_a_closed_pool_leaves_nothing(amounts, units):
    pool = PoolIndex(0, 0, sum(units))
    for amount in amounts:
        pool = add_to_index(pool, amount)
    settled = [settle(Holding(one, 0, 0), pool.index) for one in units]
    fractions = [member.fraction for _, member in settled]
    rest = share_rest(pool.carry, fractions)

    assert sum(due for due, _ in settled) + sum(rest) == sum(amounts)
    assert set(rest) <= {0, 1}
    raised = [fraction for fraction, one in zip(fractions, rest, strict=True) if one]
    others = [fraction for fraction, one in zip(fractions, rest, strict=True) if not one]
    assert not raised or not others or min(raised) >= max(others)


def test_money_for_a_pool_without_units_cannot_be_shared():
    with pytest.raises(ZeroDivisionError):
        add_to_index(PoolIndex(0, 0, 0), 1)


def test_what_is_left_goes_to_the_first_of_equal_fractions():
    assert share_rest(SCALE // 2, [SCALE // 4, SCALE // 4]) == [1, 0]
