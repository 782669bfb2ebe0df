"""Pay by use: from plays, purchases and tips to the creator's money, with each part of it in its place."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from audit.log.context import acting_as
from audit.log.enums import ActorType
from payments import services as payments
from payments.models import (
    CarriedBalance,
    DailyAccrual,
    DayToAccrue,
    LedgerEntry,
    PeriodFunding,
    RoyaltyPayment,
    RoyaltyPeriod,
    Statement,
)
from payments.royalties.errors import RoyaltiesNotPaid
from platforms import services as platforms
from platforms.models import PlatformEvent
from tests.support.books import violated
from tests.support.creators.royalties import (
    after_midnight,
    parts_of,
    paying_platform,
    play,
    run_until_final,
    set_terms,
    song_of,
)
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.database.snapshots import everything
from tests.support.factories import NOW, balance, fund, house_balance
from workers import services as workers

pytestmark = pytest.mark.django_db
DAY = NOW.date()
MARCH_IS_FINAL = datetime(2026, 4, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def months():
    have_months()


@pytest.fixture
def song():
    return song_of(paying_platform())


def money(text):
    return Decimal(text)


def test_a_day_is_accrued_ten_minutes_after_it_and_held_with_its_fee(song):
    play(song, times=3)

    assert payments.accrue_royalties(now=after_midnight(DAY, minutes=9)) == 0
    assert payments.accrue_royalties(now=after_midnight(DAY)) == 1

    accrual = DailyAccrual.objects.get()
    assert (accrual.day, accrual.plays, accrual.amount) == (DAY, 3, money("0.03"))
    assert parts_of(song.creator) == {"accrued": money("0.03"), "carried": money("0.03")}
    assert balance(song.platform, "escrow") == money("0.0306")
    assert balance(song.platform, "available") == money("999.9694")
    period = RoyaltyPeriod.objects.get()
    assert (period.first, period.last) == (date(2026, 3, 1), date(2026, 3, 31))
    types = PlatformEvent.objects.filter(type__startswith="royalty.").values_list("type", flat=True)
    assert list(types) == ["royalty.accrued"]
    assert violated() == {}


def test_a_day_that_is_accrued_again_changes_nothing(song):
    play(song, times=3)
    payments.accrue_royalties(now=after_midnight(DAY))
    DayToAccrue.objects.create(platform=song.platform, day=DAY)
    DayToAccrue.objects.create(platform=song.platform, day=DAY, creator_number=song.creator.number)
    before = everything(besides=("days_to_accrue",))

    assert payments.accrue_royalties(now=after_midnight(DAY, minutes=30)) == 0

    assert everything(besides=("days_to_accrue",)) == before
    assert not DayToAccrue.objects.exists()


def test_days_missed_in_an_outage_are_all_accrued(song):
    for number in range(4):
        at = NOW + timedelta(days=number)
        play(song, at=at, now=at)

    payments.accrue_royalties(now=after_midnight(DAY + timedelta(days=3)))

    assert DailyAccrual.objects.count() == 4
    assert parts_of(song.creator)["accrued"] == money("0.04")
    assert violated() == {}


def test_a_rate_changes_from_the_next_day(song):
    platforms.set_work_rate(work_id=song.pk, rate="0.05", now=NOW)
    play(song)
    next_day = NOW + timedelta(days=1)
    play(song, at=next_day, now=next_day)

    payments.accrue_royalties(now=after_midnight(next_day.date()))

    amounts = DailyAccrual.objects.order_by("day").values_list("amount", flat=True)
    assert list(amounts) == [money("0.01"), money("0.05")]


def test_plays_are_paid_when_their_period_is_final_and_the_rest_of_a_month_carried_on(song):
    play(song, times=150)
    payments.accrue_royalties(now=after_midnight(DAY))
    assert payments.pay_royalties(now=NOW + timedelta(days=5)) == 0

    grace = datetime(2026, 4, 2, tzinfo=UTC)
    run_until_final(grace)
    assert RoyaltyPeriod.objects.get().status == "grace"
    run_until_final(MARCH_IS_FINAL)

    assert parts_of(song.creator) == {"accrued": money("1.5"), "paid": money("1.5")}
    assert balance(song.creator.worker, "available") == money("1.5")
    assert house_balance("fees") == money("0.03")
    assert balance(song.platform, "escrow") == 0
    entry = LedgerEntry.objects.get(kind="royalty")
    assert entry.idempotency_key == f"royalty:royalty:{RoyaltyPayment.objects.get().pay_id}:1"
    assert payments.pay_royalties(now=MARCH_IS_FINAL) == 0
    assert violated() == {}


def test_less_than_the_minimum_is_carried_to_a_later_payment(song):
    play(song, times=60)
    run_until_final(MARCH_IS_FINAL)

    assert parts_of(song.creator) == {"accrued": money("0.6"), "carried": money("0.6")}
    assert CarriedBalance.objects.get().carried == money("0.6")
    have_months(MARCH_IS_FINAL)
    play(song, times=60, at=MARCH_IS_FINAL, now=MARCH_IS_FINAL)
    run_until_final(datetime(2026, 5, 9, tzinfo=UTC))

    assert balance(song.creator.worker, "available") == money("1.2")
    assert RoyaltyPayment.objects.count() == 2
    assert CarriedBalance.objects.get().carried == 0
    assert violated() == {}


def test_a_closed_creator_is_paid_what_is_below_the_minimum(song):
    play(song, times=60)
    run_until_final(MARCH_IS_FINAL)
    with pytest.raises(RoyaltiesNotPaid):
        workers.delete_worker(worker_id=song.creator.worker_id)

    platforms.close_creator(creator_id=song.creator.pk, now=MARCH_IS_FINAL)
    payments.pay_royalties(now=MARCH_IS_FINAL)

    assert balance(song.creator.worker, "available") == money("0.6")


def test_what_is_not_covered_is_unfunded_and_said_and_funded_later():
    song = song_of(paying_platform(funds="0.102"), rate="0.1")
    play(song, times=3)

    payments.accrue_royalties(now=after_midnight(DAY))

    parts = parts_of(song.creator)
    assert parts["carried"] + parts["unfunded"] == money("0.3")
    assert money("0.099995") <= parts["carried"] <= money("0.1")
    said = PlatformEvent.objects.get(type="royalty.unfunded")
    assert said.payload["amount"] == f"{parts['unfunded']:.6f}"
    assert violated() == {}
    assert payments.fund_royalties(now=NOW) == 0

    fund(song.platform, "5")
    assert payments.fund_royalties(now=NOW) == 1

    assert parts_of(song.creator) == {"accrued": money("0.3"), "carried": money("0.3")}
    assert sum(one.fee for one in PeriodFunding.objects.all()) == money("0.006")
    assert violated() == {}


def test_the_oldest_is_funded_first_and_all_money_is_used():
    platform = paying_platform(funds="1.53")
    songs = [song_of(platform, rate="1") for _ in range(2)]
    for song in songs:
        play(song)

    payments.accrue_royalties(now=after_midnight(DAY))

    first, second = (parts_of(song.creator) for song in songs)
    assert first == {"accrued": money(1), "carried": money(1)}
    assert second["carried"] + second["unfunded"] == 1
    assert balance(platform, "available") <= money("0.000004")
    assert violated() == {}


def test_purchases_and_tips_are_paid_at_once_as_they_are(song):
    accepted(song.platform, event(song, "purchase", amount="2.50"), event(song, "tip", amount="0.000001"))

    payments.accrue_royalties(now=NOW)
    payments.pay_royalties(now=NOW)

    assert parts_of(song.creator, "sales") == {"accrued": money("2.500001"), "paid": money("2.500001")}
    assert balance(song.creator.worker, "available") == money("2.500001")
    assert house_balance("fees") == money("0.05")
    assert payments.accrue_royalties(now=NOW) == payments.pay_royalties(now=NOW) == 0
    assert violated() == {}


def test_an_amount_above_the_price_is_taken_and_flagged():
    song = song_of(paying_platform(), price="2")
    accepted(song.platform, event(song, "purchase", amount="2.50"), event(song, "purchase", amount="2"))

    payments.accrue_royalties(now=NOW)

    accrual = DailyAccrual.objects.get()
    assert (accrual.sales, accrual.above_price) == (money("4.5"), money("0.5"))


def test_late_use_of_an_accrued_day_becomes_a_difference(song):
    play(song, times=2)
    payments.accrue_royalties(now=after_midnight(DAY))
    later = NOW + timedelta(days=3)
    play(song, at=NOW, now=later)

    payments.accrue_royalties(now=later)

    assert parts_of(song.creator) == {"accrued": money("0.03"), "carried": money("0.03")}
    assert violated() == {}


def test_a_correction_before_payment_gives_money_back(song):
    refs = play(song, times=3)
    payments.accrue_royalties(now=after_midnight(DAY))
    void(song.platform, refs[0], now=NOW + timedelta(days=2))

    payments.accrue_royalties(now=NOW + timedelta(days=2))

    assert parts_of(song.creator) == {"accrued": money("0.02"), "carried": money("0.02")}
    assert balance(song.platform, "escrow") == money("0.0204")
    assert balance(song.platform, "available") == money("999.9796")
    assert violated() == {}


def test_what_a_correction_takes_of_a_final_period_is_made_up_for_by_a_tenth_of_later_payments(song):
    set_terms(song.platform, minimum="0")
    refs = play(song, times=100)
    run_until_final(MARCH_IS_FINAL)
    assert balance(song.creator.worker, "available") == 1
    have_months(MARCH_IS_FINAL)
    void(song.platform, *refs[:50], now=MARCH_IS_FINAL)
    payments.accrue_royalties(now=MARCH_IS_FINAL)
    assert parts_of(song.creator) == {
        "accrued": money("0.5"),
        "paid": money(1),
        "taken_back": money("0.5"),
    }
    assert CarriedBalance.objects.get().remainder == money("0.5")
    assert violated() == {}

    play(song, times=200, at=MARCH_IS_FINAL, now=MARCH_IS_FINAL)
    run_until_final(datetime(2026, 5, 9, tzinfo=UTC))

    payment = RoyaltyPayment.objects.order_by("-pk")[0]
    assert (payment.amount, payment.recovered) == (money("1.8"), money("0.2"))
    assert balance(song.creator.worker, "available") == money("2.8")
    assert CarriedBalance.objects.get().remainder == money("0.3")
    assert house_balance("fees") == money("0.056")
    assert balance(song.platform, "escrow") == 0
    assert violated() == {}


def test_a_correction_that_is_reverted_is_not_paid_twice(song):
    set_terms(song.platform, minimum="0")
    refs = play(song, times=100)
    run_until_final(MARCH_IS_FINAL)
    correction = void(song.platform, *refs[:50], now=MARCH_IS_FINAL)
    payments.accrue_royalties(now=MARCH_IS_FINAL)
    platforms.revert_correction(
        platform_id=song.platform_id, correction_id=correction.pk, reason="they were real", now=MARCH_IS_FINAL
    )

    run_until_final(MARCH_IS_FINAL)

    assert parts_of(song.creator) == {"accrued": money(1), "paid": money(1)}
    assert balance(song.creator.worker, "available") == 1
    assert violated() == {}


def find_burst(song, plays=25):
    """Have a listener play too often in an hour, and the rules find it; return the finding."""
    play(song, times=plays)
    payments.accrue_royalties(now=after_midnight(DAY))
    platforms.find_artificial_use(now=after_midnight(DAY, minutes=400))
    payments.accrue_royalties(now=after_midnight(DAY, minutes=400))
    return song.creator.usage_findings.get()


def test_what_a_rule_leaves_out_is_held_until_a_person_dismisses_it(song):
    finding = find_burst(song)
    assert parts_of(song.creator) == {
        "accrued": money("0.25"),
        "held": money("0.05"),
        "carried": money("0.2"),
    }
    assert violated() == {}

    with acting_as(ActorType.STAFF, "1"):
        platforms.decide_finding(finding_id=finding.pk, is_artificial=False, reason="a concert", now=NOW)
    payments.accrue_royalties(now=after_midnight(DAY, minutes=500))

    assert parts_of(song.creator) == {"accrued": money("0.25"), "carried": money("0.25")}
    assert violated() == {}


def test_what_a_person_refuses_is_never_paid(song):
    finding = find_burst(song)
    with acting_as(ActorType.STAFF, "1"):
        platforms.decide_finding(finding_id=finding.pk, is_artificial=True, reason="a robot", now=NOW)
    payments.accrue_royalties(now=after_midnight(DAY, minutes=500))

    assert parts_of(song.creator) == {"accrued": money("0.2"), "carried": money("0.2")}
    assert DailyAccrual.objects.get().plays_refused == 5
    assert violated() == {}


def test_nobody_decides_for_thirty_days_and_it_is_paid(song):
    find_burst(song)
    platforms.find_artificial_use(now=NOW + timedelta(days=32))
    payments.accrue_royalties(now=NOW + timedelta(days=32))

    assert parts_of(song.creator) == {"accrued": money("0.25"), "carried": money("0.25")}


def test_a_statement_says_by_work_and_rate_how_its_sum_follows(song):
    other = song_of(song.platform, rate="0.02")
    play(song, "ann", times=3)
    play(song, "bob", times=1)
    play(other, "bob", times=1)
    platforms.set_work_rate(work_id=song.pk, rate="0.03", now=NOW)
    next_day = NOW + timedelta(days=1)
    play(song, "ann", times=1, at=next_day, now=next_day)
    run_until_final(MARCH_IS_FINAL)

    statement = Statement.objects.get(creator=song.creator)
    assert [(line["rate"], line["plays"], line["amount"]) for line in statement.lines] == [
        ("0.010000", 4, "0.040000"),
        ("0.030000", 1, "0.030000"),
    ]
    assert statement.accrued == sum(Decimal(line["amount"]) for line in statement.lines) == money("0.07")
    # Of the same 0.09: five of six plays, and one and a half of two listeners.
    assert (statement.pro_rata, statement.user_centric) == (money("0.075"), money("0.0675"))
    rest = Statement.objects.get(creator=other.creator)
    assert (rest.accrued, rest.pro_rata, rest.user_centric) == (
        money("0.02"),
        money("0.015"),
        money("0.0225"),
    )
    assert violated() == {}


def test_quarters_end_with_the_calendar_and_months_go_before_them(song):
    play(song)
    payments.accrue_royalties(now=after_midnight(DAY))
    set_terms(song.platform, cadence="quarter", now=NOW)
    april = datetime(2026, 4, 6, 12, tzinfo=UTC)
    have_months(april)
    play(song, at=april, now=april)
    payments.accrue_royalties(now=after_midnight(april.date()))

    spans = RoyaltyPeriod.objects.order_by("first").values_list("first", "last")
    assert list(spans) == [
        (date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)),
    ]


def test_a_moved_work_pays_each_creator_for_their_time(song):
    other = song_of(song.platform).creator
    play(song, at=NOW - timedelta(seconds=1), now=NOW)
    platforms.move_work(work_id=song.pk, creator_id=other.pk, now=NOW)
    later = NOW + timedelta(hours=1)
    play(song, times=2, at=later, now=later)

    payments.accrue_royalties(now=after_midnight(DAY))

    assert parts_of(song.creator)["accrued"] == money("0.01")
    assert parts_of(other)["accrued"] == money("0.02")
