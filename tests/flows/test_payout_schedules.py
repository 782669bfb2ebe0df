"""Payouts that leave by themselves: by the age of the oldest part, at once for finished work, never as
dust."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.log.context import acting_as
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.models import Account, LedgerEntry, Transaction
from payments.settlement.payouts.errors import BelowSmallestPayout, TooManyCashOuts
from payments.settlement.payouts.selectors import payout_parts
from platforms import services as platforms
from platforms.services import WorkReport
from tests.support.books import violated
from tests.support.decisions import resolve_dispute, suspend_worker
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    running_stream,
    seconds,
    settle,
    started,
)
from workers.profiles.errors import WorkerSuspended

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def earn(worker, amount, *, now=NOW):
    platforms.complete_task(task_id=started(worker, amount=amount, now=now).pk, now=now)


def made(now):
    """Return the amounts of the payouts that are made now."""
    before = set(Transaction.objects.filter(type="payout").values_list("pk", flat=True))
    payments.create_due_payouts(now=now)
    new = Transaction.objects.filter(type="payout").exclude(pk__in=before)
    return sorted(new.values_list("amount", flat=True))


class TestStandard:
    @pytest.mark.long_form
    def test_a_stream_of_twenty_cents_a_minute_makes_one_transfer_an_hour(self):
        worker = WorkerFactory()
        running_stream(worker, total="24", duration=7200, interval=60)
        for minute in range(1, 61):
            payments.release_due_streams(now=NOW + seconds(60 * minute))
            assert made(NOW + seconds(60 * minute)) == []

        payments.release_due_streams(now=NOW + seconds(60 * 61))
        assert made(NOW + seconds(60 * 61)) == [Decimal("12.2")]
        assert made(NOW + seconds(60 * 61) + HOUR - seconds(1)) == []

    def test_pay_for_a_fixed_task_of_one_usdc_leaves_at_once(self):
        worker = WorkerFactory()
        earn(worker, "1")
        assert made(NOW) == [1]

    def test_pay_that_brings_the_balance_to_one_usdc_takes_a_streams_pay_with_it(self):
        worker = WorkerFactory()
        running_stream(worker, total="6", duration=3600)
        payments.release_due_streams(now=NOW + seconds(60))
        earn(worker, "0.9", now=NOW + seconds(61))
        assert made(NOW + seconds(61)) == [1]

    def test_a_stream_never_brings_less_pay_to_leave_at_once(self):
        worker = WorkerFactory()
        running_stream(worker, total="600", duration=3600)
        earn(worker, "0.9")
        payments.release_due_streams(now=NOW + seconds(60))
        assert balance(worker, "available") == Decimal("10.9")
        assert made(NOW + seconds(60)) == []
        assert made(NOW + HOUR) == [Decimal("10.9")]

    def test_a_bonus_a_milestone_and_a_disputes_share_leave_at_once_a_reward_does_not(self):
        rewarded = WorkerFactory()
        payments.grant_reward(worker_id=rewarded.pk, amount="5", reason="welcome", key="1", now=NOW)
        assert made(NOW) == []

        task = started(amount="0.5", now=NOW)
        bonus = WorkReport(task_id=task.pk, event_type="bonus", external_id="b", amount="0.5")
        done = WorkReport(task_id=task.pk, event_type="completed", external_id="c")
        for report in (done, bonus):
            platforms.record_work_event(platform_id=task.platform_id, report=report, now=NOW)
        assert made(NOW) == [1]

        stream = running_stream(WorkerFactory(), total="6", duration=3600)
        platforms.dispute_task(task_id=stream.task_id, severity=1, reason="slow", now=NOW)
        resolve_dispute(task_id=stream.task_id, outcome="worker", worker_amount="6", now=NOW)
        assert made(NOW) == [6]
        assert made(NOW + HOUR) == [5]

    def test_less_than_ten_cents_stay_until_there_is_more(self):
        worker = WorkerFactory()
        earn(worker, "0.099999")
        assert made(NOW + timedelta(days=30)) == []
        earn(worker, "0.000001", now=NOW + timedelta(days=30))
        assert made(NOW + timedelta(days=30)) == [Decimal("0.1")]


class TestAge:
    def test_after_a_partial_cash_out_the_age_is_that_of_the_part_that_is_left(self):
        worker = WorkerFactory()
        earn(worker, "0.5")
        earn(worker, "0.4", now=NOW + seconds(3000))
        payments.cash_out(worker_id=worker.pk, amount="0.5", now=NOW + seconds(3001))

        assert made(NOW + seconds(3600)) == [], "the part of the first hour has left"
        assert made(NOW + seconds(6599)) == []
        assert made(NOW + seconds(6600)) == [Decimal("0.4")]

    def test_after_a_cancelled_payout_the_age_is_still_that_of_its_parts(self):
        worker = WorkerFactory()
        earn(worker, "0.5")
        payout = payments.cash_out(worker_id=worker.pk, now=NOW + seconds(3000))
        payments.cancel_payout(transaction_id=payout.pk, pay_again=True, now=NOW + seconds(3300))

        assert made(NOW + seconds(3599)) == []
        assert made(NOW + seconds(3600)) == [Decimal("0.5")]

    def test_the_watermark_stands_before_the_oldest_part_that_is_not_fully_covered(self):
        worker = WorkerFactory()
        for second in range(3):
            earn(worker, "0.4", now=NOW + seconds(second))
        parts = list(LedgerEntry.objects.filter(kind="earning").order_by("id"))
        account = Account.objects.get(worker=worker, name="available")

        def watermark():
            account.refresh_from_db()
            return account.parts_from

        assert watermark() <= parts[0].pk
        first = payments.cash_out(worker_id=worker.pk, amount="0.5", now=NOW + seconds(3))
        assert watermark() == parts[1].pk
        payments.cash_out(worker_id=worker.pk, now=NOW + seconds(4))
        assert watermark() == parts[2].pk + 1
        payments.cancel_payout(transaction_id=first.pk, pay_again=True, now=NOW + seconds(5))
        assert watermark() == parts[0].pk
        assert account.oldest_part_at == NOW


@pytest.mark.parametrize(
    ("schedule", "age"),
    [("hourly", timedelta(hours=1)), ("daily", timedelta(days=1)), ("weekly", timedelta(days=7))],
)
def test_by_a_slower_schedule_pay_leaves_when_its_oldest_part_is_old_enough(schedule, age):
    worker = WorkerFactory()
    payments.set_payout_schedule(worker_id=worker.pk, schedule=schedule, now=NOW)
    earn(worker, "50")
    earn(worker, "7", now=NOW + age - seconds(1))
    assert made(NOW + age - seconds(1)) == []
    assert made(NOW + age) == [57]


def test_by_hand_nothing_leaves_by_itself():
    worker = WorkerFactory()
    payments.set_payout_schedule(worker_id=worker.pk, schedule="by_hand", now=NOW)
    earn(worker, "50")
    assert made(NOW + timedelta(days=400)) == []
    assert payments.cash_out(worker_id=worker.pk, now=NOW).amount == 50


def test_another_schedule_holds_for_what_waits_already():
    worker = WorkerFactory()
    payments.set_payout_schedule(worker_id=worker.pk, schedule="weekly", now=NOW)
    earn(worker, "0.5")
    assert made(NOW + timedelta(days=2)) == []
    payments.set_payout_schedule(worker_id=worker.pk, schedule="daily", now=NOW + timedelta(days=2))
    assert made(NOW + timedelta(days=2)) == [Decimal("0.5")]


def test_a_suspended_worker_chooses_no_schedule():
    worker = WorkerFactory()
    earn(worker, "1")
    suspend_worker(worker_id=worker.pk, reason="looked at")
    with pytest.raises(WorkerSuspended):
        payments.set_payout_schedule(worker_id=worker.pk, schedule="daily", now=NOW)
    assert Account.objects.get(worker=worker, name="available").payout_schedule == "standard"


class TestAtOnce:
    @pytest.mark.long_form
    def test_whatever_reaches_one_usdc_leaves_24_times_a_day_then_as_by_the_standard(self):
        worker = WorkerFactory()
        payments.set_payout_schedule(worker_id=worker.pk, schedule="at_once", now=NOW)
        running_stream(worker, total="40", duration=2400, interval=60, now=NOW)
        for minute in range(1, 25):
            at = NOW + seconds(60 * minute)
            payments.release_due_streams(now=at)
            assert made(at) == [1]
            settle(at)
        payments.release_due_streams(now=NOW + seconds(60 * 25))
        assert made(NOW + seconds(60 * 25)) == []
        earn(worker, "1", now=NOW + seconds(60 * 25 + 1))
        assert made(NOW + seconds(60 * 25 + 1)) == [2], "finished work leaves at once by the standard, too"
        payments.release_due_streams(now=NOW + seconds(60 * 26))
        assert made(NOW + seconds(60 * 26)) == []
        assert made(NOW + seconds(60 * 86)) == [1]

    def test_the_day_is_that_of_utc(self):
        worker = WorkerFactory()
        payments.set_payout_schedule(worker_id=worker.pk, schedule="at_once", now=NOW)
        running_stream(worker, total="30", duration=1800, now=NOW)
        for minute in range(1, 25):
            payments.release_due_streams(now=NOW + seconds(60 * minute))
            payments.cash_out(worker_id=worker.pk, now=NOW + seconds(60 * minute))
        payments.release_due_streams(now=NOW + seconds(60 * 25))
        assert made(NOW + seconds(60 * 25)) == [], "cash-outs count"
        midnight = (NOW + timedelta(days=1)).replace(hour=0, minute=0, second=0)
        Account.unguarded.filter(worker=worker, name="available").update(oldest_part_at=midnight)
        assert made(midnight - seconds(1)) == []
        assert made(midnight) == [1]


class TestCashOut:
    def test_less_than_ten_cents_leave_as_the_whole_only_and_once_a_day(self):
        worker = WorkerFactory()
        earn(worker, "0.09")
        with pytest.raises(BelowSmallestPayout) as refusal:
            payments.cash_out(worker_id=worker.pk, amount="0.000001", now=NOW)
        assert refusal.value.numbers == {"smallest": "0.10", "requested": "0.000001"}
        assert payments.cash_out(worker_id=worker.pk, now=NOW).amount == Decimal("0.09")

        earn(worker, "0.05", now=NOW + seconds(1))
        with pytest.raises(BelowSmallestPayout, match="once a day"):
            payments.cash_out(worker_id=worker.pk, now=NOW + seconds(1))
        assert balance(worker, "available") == Decimal("0.05")
        assert payments.cash_out(worker_id=worker.pk, now=NOW + timedelta(days=1)).amount == Decimal("0.05")

    def test_the_25th_cash_out_of_a_day_is_refused(self):
        worker = WorkerFactory()
        earn(worker, "10")
        for _ in range(24):
            payments.cash_out(worker_id=worker.pk, amount="0.1", now=NOW)
        with pytest.raises(TooManyCashOuts) as refusal:
            payments.cash_out(worker_id=worker.pk, amount="0.1", now=NOW)
        assert refusal.value.numbers == {"most": "24"}
        assert (balance(worker, "available"), balance(worker, "in_transit")) == (
            Decimal("7.6"),
            Decimal("2.4"),
        )


def by_a_task(worker, at):
    earn(worker, "5", now=at)


def by_a_stream(worker, at):
    running_stream(worker, total="60", duration=3600, now=at - seconds(600))
    payments.release_due_streams(now=at)


@pytest.mark.parametrize("paid", [by_a_task, by_a_stream])
def test_a_part_that_a_clock_set_back_dates_earlier_is_the_oldest(paid):
    worker = WorkerFactory()
    earn(worker, "0.5", now=NOW + seconds(30))

    paid(worker, NOW + seconds(29))

    assert Account.objects.get(worker=worker, name="available").oldest_part_at == NOW + seconds(29)
    assert violated() == {}


def test_what_a_repayment_withheld_is_off_its_own_earning():
    worker, platform = WorkerFactory(), PlatformFactory(funds="100")
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=0, now=NOW)
    with acting_as("staff", "7"):
        loans.approve_loan(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    settle(NOW + seconds(60))
    for second in (61, 62):
        task = started(worker, platform=platform, amount="10", now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW + seconds(second))

    payout = payments.cash_out(worker_id=worker.pk, now=NOW + seconds(63))

    assert payout.amount == 12
    assert [(part.entry.amount, part.amount) for part in payout_parts(payout.pk)] == [(10, 6), (10, 6)]
