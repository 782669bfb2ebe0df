"""The earnings forecast: its formula by hand, its bounds, and how good it is on workers it does not know."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigstream.core.money import from_micro, to_micro
from loans.policy.calculations.forecast import Forecast, forecast_week
from loans.policy.calculations.forecast_trials import measure_accuracy, run_trials

WEEK = [10, 20, 30, 40, 50, 0, 0]


def usdc(*amounts):
    return [Decimal(amount) for amount in amounts]


# --- By hand ------------------------------------------------------------------------------------------------


def test_without_history_nothing_is_expected():
    made = forecast_week([])

    assert made == Forecast(Decimal(0), Decimal(0), Decimal(0), (Decimal(0),) * 7, 0)
    assert not made.is_conservative


def test_one_day_is_repeated_seven_times_and_cut():
    made = forecast_week(usdc(10))

    assert (made.amount, made.low, made.high) == (49, 0, 140)
    assert made.days == (7,) * 7
    assert made.is_conservative


def test_a_short_history_gives_its_mean_cut_to_seven_tenths():
    made = forecast_week(usdc(8, 12, 10, 10))

    # 7 x 10 x 0.7. The days vary by 8/3 around their mean, seven of them and the mean by 8/3 x (7 + 49/4),
    # and 1.638 is the quantile for 3 degrees of freedom: 70 less and more sqrt(8/3 x 19.25) x 1.638.
    assert (made.amount, made.history_days) == (49, 4)
    # The range of the truth begins above the promised amount: caution takes the lower end down with it.
    assert (made.low, made.high) == (49, Decimal("81.735826"))


def test_thirteen_days_are_a_short_history_and_fourteen_are_not():
    short, enough = forecast_week(usdc(*[10] * 13)), forecast_week(usdc(*[10] * 14))

    assert (short.amount, short.is_conservative) == (49, True)
    assert (enough.amount, enough.is_conservative) == (70, False)


def test_each_day_is_forecast_by_its_own_day_of_the_week():
    made = forecast_week(usdc(*WEEK * 3))

    assert made.days == tuple(usdc(*WEEK))
    assert (made.amount, made.low, made.high) == (150, 150, 150)


def test_the_week_goes_on_where_it_stands():
    made = forecast_week(usdc(*WEEK * 3, 10, 20))

    assert made.days == tuple(usdc(30, 40, 50, 0, 0, 10, 20))


def test_five_weeks_have_no_trend_and_six_have():
    rising = [day for week in range(1, 7) for day in [Decimal(week)] * 7]

    assert forecast_week(rising[:14]).amount == Decimal("10.5")
    assert forecast_week(rising[:35]).amount == 21
    assert forecast_week(rising).amount == 49
    assert (forecast_week(rising).low, forecast_week(rising).high) == (49, 49)


def test_a_falling_trend_stops_at_nothing():
    falling = [day for week in (40, 30, 20, 10, 0, 0) for day in [Decimal(week)] * 7]

    made = forecast_week(falling)

    assert (made.amount, made.low) == (0, 0)
    assert made.high > 0


def test_the_interval_of_two_weeks_by_hand():
    made = forecast_week(usdc(*[10] * 7, *[12] * 7))

    # Weeks of 70 and 84 are 7 off their mean of 77: variance 98 for 1 degree of freedom, x (1 + 1/2) for a
    # new week and the mean, and 3.078 x sqrt(147) = 37.318766...
    assert made.amount == 77
    assert (made.low, made.high) == (Decimal("39.681233"), Decimal("114.318767"))


def test_the_interval_around_a_trend_by_hand():
    weeks = (77, 70, 84, 91, 91, 112)
    made = forecast_week([day for week in weeks for day in [Decimal(week) / 7] * 7])

    # The line through them is 70 + 7 k, so the seventh week brings 112. Off by 7, -7, 0, 0, -7, 7 the
    # variance is 196 / 4, x (1 + 1/6 + 21/30) for a new week, the mean and the line; the square root of that,
    # 91.4666..., x 1.533 is 14.661337...
    assert made.amount == 112
    assert (made.low, made.high) == (Decimal("97.338662"), Decimal("126.661338"))


def test_only_the_last_ninety_days_count():
    history = usdc(*[1000] * 50, *WEEK * 12, 10, 20, 30, 40, 50, 0)

    assert forecast_week(history) == forecast_week(history[-90:])
    assert forecast_week(history).history_days == 90


def test_who_has_stopped_is_expected_to_earn_nothing():
    assert forecast_week(usdc(*[10] * 45, *[0] * 45)).amount == 0


# --- For any history ----------------------------------------------------------------------------------------

amounts = st.integers(min_value=0, max_value=10**12).map(from_micro)
histories = st.lists(amounts, max_size=100)


@settings(deadline=None, max_examples=200)
@given(histories)
def test_the_days_add_up_and_lie_within_the_interval_and_nothing_is_below_zero(history):
    made = forecast_week(history)

    assert sum(made.days) == made.amount
    assert 0 <= made.low <= made.amount <= made.high
    assert min(made.days) >= 0
    assert all(one == from_micro(to_micro(one)) for one in (made.amount, made.low, made.high, *made.days))
    assert made == forecast_week(list(history))


@settings(deadline=None, max_examples=100)
@given(st.lists(amounts, min_size=14, max_size=90), st.integers(min_value=2, max_value=9))
def test_pay_in_another_unit_gives_the_same_forecast_in_that_unit(history, times):
    made, larger = forecast_week(history), forecast_week([one * times for one in history])

    assert abs(larger.amount - made.amount * times) <= Decimal("0.000007") * times
    assert abs(larger.high - made.high * times) <= Decimal("0.00001") * times


# --- On workers it does not know ----------------------------------------------------------------------------


def a_worker(seed, *, days, noise=0.1, growth=0.0):
    """Return pay by day with a rhythm of the worker's own, each day off by 10 % (one sigma) by chance."""
    chance = random.Random(seed)
    rhythm = [chance.choice([0, 1, 1, 1]) * chance.uniform(20, 120) for _ in range(7)]
    rhythm[seed % 7] = 80
    pay = [rhythm[day % 7] * (1 + growth * day / 7) * max(chance.gauss(1, noise), 0) for day in range(days)]
    return [from_micro(round(one * 10**6)) for one in pay]


def tried(workers, *, shortest=14, **kwargs):
    found = [
        one
        for seed in range(workers)
        for one in run_trials(a_worker(seed, **kwargs), reach=365, step=7, shortest=shortest)
    ]
    return measure_accuracy(found)


@pytest.mark.parametrize("growth", [0.0, 0.03, -0.02])
def test_the_error_is_small_and_the_interval_holds_four_fifths(growth):
    found = tried(60, days=150, growth=growth)

    assert found.trials == 60 * 19
    assert found.mape < 15
    assert 70 <= found.coverage <= 90


def test_so_it_is_with_two_to_four_weeks_of_history():
    found = tried(200, days=28)

    assert found.mape < 15
    assert 70 <= found.coverage <= 90


def test_days_come_before_their_trials():
    """Later days change only the comparison of a forecast with its outcome."""
    history = a_worker(3, days=60)
    before = list(run_trials(history, reach=365, step=7, shortest=14))
    after = list(run_trials([*history[:-7], *usdc(*[999] * 7)], reach=365, step=7, shortest=14))

    assert before[1:] == after[1:]
    assert (before[0].expected, before[0].high) == (after[0].expected, after[0].high)
    assert after[0].earned == 6993


def test_errors_are_counted_by_hand():
    history = usdc(*[10] * 21, *[5] * 7, *[0] * 7)

    found = list(run_trials(history, reach=14, step=7, shortest=14))

    assert [(one.expected, one.earned, one.last_week) for one in found] == [
        (Decimal("61.25"), 0, 35),
        (70, 35, 70),
    ]
    figures = measure_accuracy(found)
    # A week with pay: 70 expected, 35 earned. Both together: 131.25 expected, 35 earned.
    assert (figures.trials, figures.paid_weeks) == (2, 1)
    assert (figures.mape, figures.mape_of_last_week, figures.bias) == (100, 100, 275)
    # 17.5 x 1.638 x sqrt(5/4) = 32.05 to either side at first, and no doubt at all before.
    assert (found[0].low, figures.coverage) == (Decimal("29.201555"), 0)


def test_without_trials_there_are_no_figures():
    figures = measure_accuracy([])

    assert (figures.trials, figures.mape, figures.bias, figures.coverage) == (0, None, None, None)
