"""Transactions by UTC day, type and status, open or closed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments import services as payments
from payments.figures.reports import DailyTransactionSummary
from payments.models import TransactionDay
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    fund,
    seconds,
)
from tests.support.histories import (
    columns,
    days,
)

pytestmark = pytest.mark.django_db


def test_there_are_no_daily_rows_without_transactions():
    assert list(DailyTransactionSummary.objects.all()) == []


def test_transactions_add_up_by_utc_day_type_and_status(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    platform = PlatformFactory(now=midnight)
    for amount, at in (
        ("10", midnight),
        ("5", midnight + days(1) - timedelta(microseconds=1)),
        ("0.000001", midnight + days(1) - timedelta(microseconds=1)),
        ("7", midnight + days(1)),
    ):
        fund(platform, amount, now=at)
    worker = WorkerFactory(now=midnight)
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="thanks", key="a", now=midnight)
    payments.cash_out(worker_id=worker.pk, now=midnight + days(2))

    rows = {row.id: row for row in DailyTransactionSummary.objects.order_by("day", "type")}

    first, second, third = (f"{midnight + days(n):%Y-%m-%d}" for n in range(3))
    assert list(rows) == [
        f"{first}:deposit:confirmed",
        f"{first}:reward:confirmed",
        f"{second}:deposit:confirmed",
        f"{third}:payout:pending",
    ]
    assert columns(rows[f"{first}:deposit:confirmed"]) == {
        "id": f"{first}:deposit:confirmed",
        "day": midnight.date(),
        "type": "deposit",
        "status": "confirmed",
        "transactions": 3,
        "total_amount": Decimal("15.000001"),
        "total_fees": 0,
        "average_amount": Decimal("5"),
    }
    assert rows[f"{third}:payout:pending"].total_amount == 3
    of_one_day = DailyTransactionSummary.objects.filter(day=(midnight + days(1)).date())
    assert [row.id for row in of_one_day] == [f"{second}:deposit:confirmed"]


def daily_rows() -> list[dict[str, Any]]:
    return [columns(row) for row in DailyTransactionSummary.objects.order_by("id")]


def test_closing_days_changes_nothing_that_is_read(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    platform = PlatformFactory(now=midnight)
    for back, amount in ((0, "10"), (0, "0.000001"), (1, "7"), (3, "2")):
        fund(platform, amount, now=midnight - days(back))
    before = daily_rows()

    # The day that ended less than a day ago stays open.
    assert payments.close_transaction_days(now=midnight + days(2) - seconds(1)) == 2
    assert payments.close_transaction_days(now=midnight + days(2)) == 1
    assert payments.close_transaction_days(now=midnight + days(2)) == 0

    assert TransactionDay.objects.count() == 3
    assert daily_rows() == before


def test_a_day_with_money_under_way_is_not_closed(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    worker = WorkerFactory(now=midnight)
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="thanks", key="a", now=midnight)
    payout = payments.cash_out(worker_id=worker.pk, now=midnight)

    assert payments.close_transaction_days(now=now) == 0
    payments.cancel_payout(transaction_id=payout.pk, reason="no", now=now)
    assert payments.close_transaction_days(now=now) == 1


def test_a_transaction_of_a_closed_day_opens_it_again(now):
    platform = PlatformFactory(now=now - days(10))
    fund(platform, "10", now=now - days(5))
    fund(platform, "10", now=now - days(4))
    payments.close_transaction_days(now=now)

    fund(platform, "5", now=now - days(5))

    assert [row["total_amount"] for row in daily_rows()] == [15, 10]
    assert TransactionDay.objects.count() == 1
    assert payments.close_transaction_days(now=now) == 1
    assert [row["total_amount"] for row in daily_rows()] == [15, 10]
