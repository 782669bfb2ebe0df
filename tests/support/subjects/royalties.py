"""Pay by use, distributions and pools."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from payments import services as payments
from payments.ledger.subjects import POOL
from payments.models import (
    CarriedBalance,
    DailyAccrual,
    DayToAccrue,
    Distribution,
    DistributionShare,
    LedgerEntry,
    PeriodFunding,
    PeriodPay,
    Pool,
    PoolMember,
    PoolWrite,
    RoyaltyPayment,
    RoyaltyPeriod,
    RoyaltyTerms,
    Statement,
)
from platforms.models import Platform
from tests.support.api.asks import numbers
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import after_midnight, count_use, play, set_terms, song_of
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.database import valid_rows
from tests.support.database.breaks import belonging_to, breaks, of_platform, run, unguard, wash
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, fund

DAY = date(2026, 3, 2)
ONE = Decimal(1)
_COUNTS = {"plays": 1, "plays_held": 0, "plays_refused": 0}


def _row(model: type[Any]) -> Any:
    return valid_rows.insert(valid_rows.valid(model))


def _period_row() -> dict[str, Any]:
    return {
        "platform": PlatformFactory.create(),
        # Each row begins on another day.
        "first": date(2026, 3, 1) + timedelta(days=next(numbers) % 20),
        "last": date(2026, 3, 31),
        "fee_bps": 200,
        "grace_days": 7,
        "created_at": AT,
    }


def _accrual_row() -> dict[str, Any]:
    return {
        "period": _row(RoyaltyPeriod),
        "creator": creator(),
        "day": DAY,
        **_COUNTS,
        "amount": ONE,
        "held": Decimal(0),
        "sales": Decimal(0),
        "above_price": Decimal(0),
        "accrued_at": AT,
    }


def _payment_row() -> dict[str, Any]:
    pay = _row(PeriodPay)
    return {
        "pay": pay,
        "number": 1,
        "amount": Decimal(9),
        "recovered": ONE,
        "fee": Decimal(0),
        "entry": _row(LedgerEntry),
        "created_at": AT,
    }


def _statement_row() -> dict[str, Any]:
    sums = ("accrued", "held", "sales", "unfunded", "carried", "paid", "pro_rata", "user_centric")
    return {
        "period": _row(RoyaltyPeriod),
        "creator": creator(),
        **_COUNTS,
        **dict.fromkeys(sums, Decimal(0)),
        "lines": [],
        "created_at": AT,
    }


def _distribution_row() -> dict[str, Any]:
    return {
        "platform": PlatformFactory.create(),
        "number": 1,
        "first": DAY,
        "last": DAY,
        "mode": "pro_rata",
        "amount": ONE,
        "fee_bps": 200,
        "created_at": AT,
    }


ROWS = {
    RoyaltyTerms: lambda: {"platform": PlatformFactory.create(), "accrued_through": DAY, "created_at": AT},
    RoyaltyPeriod: _period_row,
    Statement: _statement_row,
    DayToAccrue: lambda: {"platform": PlatformFactory.create(), "day": DAY},
    DailyAccrual: _accrual_row,
    PeriodPay: lambda: {
        "period": _row(RoyaltyPeriod),
        "creator": creator(),
        "source": "plays",
        "accrued": ONE,
        "carried": ONE,
    },
    CarriedBalance: lambda: {"creator": creator()},
    PeriodFunding: lambda: {
        "period": _row(RoyaltyPeriod),
        "amount": ONE,
        "fee": Decimal(0),
        "created_at": AT,
    },
    RoyaltyPayment: _payment_row,
    Distribution: _distribution_row,
    DistributionShare: lambda: {
        "distribution": _row(Distribution),
        "creator": creator(),
        "plays": 1,
        "plays_refused": 0,
        "weight": ONE,
        "amount": ONE,
    },
    Pool: lambda: {
        "platform": PlatformFactory.create(),
        "name": f"Pool {next(numbers)}",
        "fee_bps": 200,
        "created_at": AT,
    },
    PoolMember: lambda: {"pool": _row(Pool), "creator": creator()},
    PoolWrite: lambda: {
        "pool": _row(Pool),
        "number": 1,
        "amount": ONE,
        "fee": Decimal(0),
        "units": 1,
        "created_at": AT,
    },
}
STATUSES = {
    RoyaltyPeriod: lambda status: {"final_at": AT if status == "final" else None},
    Distribution: lambda status: {
        "approved_at": AT if status in ("approved", "paid") else None,
        "paid_at": AT if status == "paid" else None,
        "paid_amount": ONE if status == "paid" else Decimal(0),
    },
    Pool: lambda status: {"closed_at": AT if status == "closed" else None},
}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("royalty_cadence_known", RoyaltyTerms, {"cadence": "week"}),
    ("royalty_minimum_in_range", RoyaltyTerms, {"minimum": Decimal("-0.000001")}),
    ("royalty_grace_in_range", RoyaltyTerms, {"grace_days": 61}),
    ("royalty_period_in_order", RoyaltyPeriod, {"last": date(2026, 3, 1)}),
    ("royalty_fee_in_range", RoyaltyPeriod, {"fee_bps": 10_001}),
    ("royalty_period_status_known", RoyaltyPeriod, {"status": "lost"}),
    ("royalty_period_final_has_time", RoyaltyPeriod, {"status": "final"}),
    ("royalty_period_final_has_time", RoyaltyPeriod, {"final_at": AT}),
    *[("royalty_statement_not_negative", Statement, {name: -1}) for name in ("plays", "held", "pro_rata")],
    *[("accrual_not_negative", DailyAccrual, {name: -1}) for name in ("plays", "sales", "above_price")],
    ("accrual_held_is_a_part", DailyAccrual, {"held": Decimal("1.000001")}),
    ("period_pay_source_known", PeriodPay, {"source": "gifts"}),
    ("period_pay_not_negative", PeriodPay, {"held": -ONE, "unfunded": ONE}),
    ("period_pay_is_whole", PeriodPay, {"unfunded": Decimal("0.000001")}),
    *[("carried_balance_not_negative", CarriedBalance, {name: -ONE}) for name in ("carried", "remainder")],
    ("period_funding_moves_something", PeriodFunding, {"amount": Decimal(0)}),
    ("period_funding_moves_something", PeriodFunding, {"fee": -ONE}),
    *[("royalty_payment_pays", RoyaltyPayment, given) for given in ({"number": 0}, {"fee": -ONE})],
    ("royalty_payment_recovers_a_tenth", RoyaltyPayment, {"recovered": Decimal("1.000001")}),
    ("distribution_days_in_order", Distribution, {"last": DAY - timedelta(days=1)}),
    ("distribution_mode_known", Distribution, {"mode": "by_lot"}),
    ("distribution_status_known", Distribution, {"status": "lost"}),
    ("distribution_amount_positive", Distribution, {"amount": Decimal(0)}),
    ("distribution_terms_in_range", Distribution, {"number": 0}),
    ("distribution_pays_its_amount", Distribution, {"paid_amount": ONE}),
    (
        "distribution_pays_its_amount",
        Distribution,
        {"status": "paid", "approved_at": AT, "paid_at": AT, "paid_amount": Decimal("0.5")},
    ),
    ("distribution_has_its_times", Distribution, {"status": "approved"}),
    ("distribution_has_its_times", Distribution, {"paid_at": AT}),
    *[
        ("distribution_share_not_negative", DistributionShare, {name: -1})
        for name in ("plays", "plays_refused", "weight", "amount")
    ],
    ("distribution_share_pays_an_amount", DistributionShare, {"amount": Decimal(0), "entry_id": 1}),
    ("pool_name_readable", Pool, {"name": ""}),
    ("pool_status_known", Pool, {"status": "lost"}),
    ("pool_fee_in_range", Pool, {"fee_bps": 10_001}),
    ("pool_pays_what_it_received", Pool, {"paid": ONE}),
    *[("pool_sums_in_range", Pool, {name: -1}) for name in ("units", "index", "carry")],
    ("pool_closed_as_a_whole", Pool, {"status": "closed"}),
    ("pool_closed_as_a_whole", Pool, {"closed_at": AT}),
    ("pool_member_units_in_range", PoolMember, {"units": 10**12 + 1}),
    ("pool_member_fraction_at_most_one", PoolMember, {"fraction": 10**18 + 1}),
    ("pool_member_paid_in_payments", PoolMember, {"paid": ONE}),
    ("pool_write_shares_an_amount", PoolWrite, {"units": 0}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("royalty_period_once", RoyaltyPeriod, ("platform", "first"), {"last": date(2026, 4, 1)}),
    ("royalty_period_ends_once", RoyaltyPeriod, ("platform", "last"), {}),
    ("royalty_statement_once", Statement, ("creator", "period"), {}),
    ("accrual_once", DailyAccrual, ("creator", "day"), {}),
    ("period_pay_once", PeriodPay, ("creator", "period", "source"), {}),
    ("royalty_payment_once", RoyaltyPayment, ("pay", "number"), {}),
    ("distribution_number_once", Distribution, ("platform", "number"), {}),
    ("distribution_share_once", DistributionShare, ("distribution", "creator"), {}),
    ("pool_name_once_per_platform", Pool, ("platform", "name"), {}),
    ("pool_member_once", PoolMember, ("pool", "creator"), {}),
    ("pool_write_number_once", PoolWrite, ("pool", "number"), {}),
]


def _sees_royalties(platform: Platform) -> None:
    """Have use accrued, unfunded for want of money, and paid; and a distribution from draft to payment."""
    have_months()
    song = song_of(platform, rate="0.01")
    play(song, times=3)
    accepted(platform, event(song, "tip", amount="0.5"), event(song, "tip", amount="900000"))
    payments.accrue_royalties(now=after_midnight(DAY))
    payments.pay_royalties(now=after_midnight(DAY))
    fund(platform, "1000")


def _sees_distributions(platform: Platform) -> None:
    have_months()
    # Days that are distributed are not corrected any more: those of others are.
    before = AT - timedelta(days=1)
    play(song_of(platform, now=before), at=before)
    count_use(after_midnight(DAY))
    given: dict[str, Any] = {"platform_id": platform.pk, "first": before.date(), "last": before.date()}
    found = payments.draft_distribution(**given, mode="pro_rata", amount="1", now=after_midnight(DAY))
    payments.approve_distribution(distribution_id=found.pk, now=after_midnight(DAY))
    payments.pay_distributions(now=after_midnight(DAY))


EVENTS = [_sees_distributions, _sees_royalties]


def _royalties_of(h: History) -> None:
    """Have works of the rival played in a month that is over, paid, two of three corrected, distributed, and
    shared by pools."""
    past = h.now - timedelta(days=33)
    have_months(h.now)
    songs = [
        work(creator(h.rival, name=f"Royal {number}", now=past), now=past, rate="0.777777")
        for number in range(3)
    ]
    set_terms(h.rival, minimum="0", grace_days=0, now=h.later())
    refs = [ref for song in songs for ref in play(song, "fan", times=7, at=past, now=h.later())]
    _run_royalties(h)
    void(h.rival, *refs[:2], now=h.later())
    play(songs[1], "friend", times=3, at=past, now=h.later())
    accepted(h.rival, event(songs[0], "tip", amount="3.333333", at=past), now=h.later())
    _run_royalties(h)
    _distribute(h, past.date())
    _fill_pools(h, [song.creator for song in songs])
    _tip_unfunded(h)


def _run_royalties(h: History) -> None:
    payments.accrue_royalties(now=h.later())
    payments.end_royalty_periods(now=h.later())
    payments.end_royalty_periods(now=h.later())
    payments.pay_royalties(now=h.later())


def _distribute(h: History, day: date) -> None:
    count_use(h.later())
    given: dict[str, Any] = {"platform_id": h.rival.pk, "first": day, "last": day}
    for mode, amount in (("pro_rata", "10.000001"), ("user_centric", "7")):
        found = payments.draft_distribution(**given, mode=mode, amount=amount, now=h.later())
        payments.approve_distribution(distribution_id=found.pk, now=h.later())
        if mode == "pro_rata":
            payments.pay_distributions(now=h.later())
    payments.draft_distribution(**given, mode="pro_rata", amount="3", now=h.later())


def _fill_pools(h: History, members: list[Any]) -> None:
    pool = payments.create_pool(platform_id=h.rival.pk, name="Fund", now=h.later())
    for units, member in enumerate(members, start=1):
        payments.set_pool_units(pool_id=pool.pk, creator_id=member.pk, units=units, now=h.later())
    payments.add_to_pool(pool_id=pool.pk, amount="10", now=h.later())
    payments.pay_pools(now=h.later())
    payments.add_to_pool(pool_id=pool.pk, amount="0.000005", now=h.later())


def _tip_unfunded(h: History) -> None:
    """Have a tip reported by a platform without money."""
    song = song_of(PlatformFactory.create(now=h.later()), now=h.later())
    at = h.later()
    accepted(song.platform, event(song, "tip", amount="5", at=at), now=at)
    payments.accrue_royalties(now=h.later())


HISTORIES = [_royalties_of]


@breaks("royalty_pay_is_whole")
def pay_with_a_part_too_many(h: History) -> None:
    unguard()
    run("UPDATE period_pays SET unfunded = unfunded + 1")


@breaks("royalty_pay_is_its_days")
def pay_that_no_day_has_earned(h: History) -> None:
    run("UPDATE period_pays SET accrued = accrued + 1, unfunded = unfunded + 1")


@breaks("royalty_days_follow_use")
def a_day_with_a_play_that_nobody_made(h: History) -> None:
    run("UPDATE daily_accruals SET plays = plays + 1")


@breaks("royalty_payments_are_what_was_paid")
def a_payment_with_another_number(h: History) -> None:
    unguard()
    run("UPDATE royalty_payments SET number = number + 7")


@breaks("royalty_money_is_conserved")
def a_fee_that_nobody_has_held(h: History) -> None:
    unguard()
    run("UPDATE period_fundings SET fee = fee + 1")


@breaks("carried_balance_is_of_final_periods")
def a_remainder_that_nobody_owes(h: History) -> None:
    run("UPDATE carried_balances SET remainder = remainder + 1")


@breaks("royalty_periods_lie_apart")
def a_final_period_without_statements(h: History) -> None:
    unguard()
    run("DELETE FROM royalty_statements")


@breaks("distribution_equals_its_shares")
def a_share_with_another_play(h: History) -> None:
    run("UPDATE distribution_shares SET plays = plays + 1")


@breaks("distribution_shares_are_paid_once")
def a_share_that_was_paid_and_does_not_say_so(h: History) -> None:
    run("UPDATE distribution_shares SET entry_id = NULL WHERE entry_id IS NOT NULL")


@breaks("pool_shares_what_it_received")
def a_pool_that_carries_more(h: History) -> None:
    run("UPDATE pools SET carry = carry + 1")


@breaks("pool_money_is_conserved")
def more_held_for_a_pool(h: History) -> None:
    pool = Pool.objects.get()
    escrow = of_platform(pool.platform_id, "escrow")
    unguard()
    wash("hold", of_platform(pool.platform_id, "available"), escrow, **belonging_to(POOL, pool.pk))
