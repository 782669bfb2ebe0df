"""Bonuses: the fee they carry, and how large and how late they may be."""

from datetime import timedelta
from decimal import Decimal

import pytest

from payments.ledger.errors import InsufficientFunds
from platforms import services as platforms
from platforms.models import Task, WorkEvent
from platforms.services import WorkReport
from platforms.tasks.errors import BonusTooLarge, BonusTooLate
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, balance, house_balance, started

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def give(task: Task, amount: str, name: str = "b", at=NOW) -> WorkEvent:
    report = WorkReport(task.pk, "bonus", external_id=name, amount=amount)
    event, _ = platforms.record_work_event(platform_id=task.platform_id, report=report, now=at)
    return event


def begun(amount: str = "10", funds: str = "100") -> Task:
    return started(platform=PlatformFactory(funds=funds), amount=amount)


def test_a_bonus_carries_the_fee_of_its_task_on_top():
    """The pay as a bonus on a task of a micro-USDC went without any fee."""
    task = begun()

    give(task, "3")

    assert balance(task.worker, "available") == 3
    assert house_balance("fees") == Decimal("0.06")
    assert balance(task.platform, "available") == 100 - Decimal("10.2") - Decimal("3.06")
    platforms.complete_task(task_id=task.pk, now=NOW)
    assert house_balance("fees") == Decimal("0.26")
    assert violated() == {}


def test_many_small_bonuses_carry_the_fee_on_their_sum():
    task = begun()

    for number in range(5):
        give(task, "0.00004", str(number))

    assert house_balance("fees") == Decimal("0.000004")
    assert violated() == {}


def test_a_bonus_needs_the_money_for_its_fee():
    task = begun(funds="13.20")

    with pytest.raises(InsufficientFunds, match=r"available 3\.00 USDC, requested 3\.06 USDC"):
        give(task, "3")

    assert balance(task.worker, "available") == 0
    assert not WorkEvent.objects.exists()


def test_a_tasks_bonuses_come_to_its_amount_at_most():
    task = begun("10")
    give(task, "6", "first")

    with pytest.raises(BonusTooLarge, match=r"come to 10\.00 USDC at most, not 10\.000001 USDC"):
        give(task, "4.000001", "second")
    give(task, "4", "third")
    give(task, "4", "third")

    assert balance(task.worker, "available") == 10
    assert violated() == {}


def test_a_tiny_task_has_no_large_bonus():
    task = begun("0.000001")

    with pytest.raises(BonusTooLarge):
        give(task, "60")

    assert balance(task.worker, "available") == 0


@pytest.mark.parametrize(("limit", "most"), [(Decimal(25), "25"), (Decimal(2), "2")])
def test_a_platforms_own_limit_stands_in_for_the_tasks_amount(limit, most):
    task = begun("10")
    platforms.set_bonus_limit(platform_id=task.platform_id, limit=limit, reason="tips")

    with pytest.raises(BonusTooLarge):
        give(task, f"{limit + Decimal('0.000001')}")
    give(task, most)

    assert balance(task.worker, "available") == limit


def test_a_bonus_is_taken_until_30_days_after_completion():
    task = platforms.complete_task(task_id=begun("10").pk, now=NOW)
    task = Task.objects.get(pk=task.pk)

    give(task, "1", "in time", NOW + 30 * DAY)
    with pytest.raises(BonusTooLate):
        give(task, "1", "too late", NOW + 30 * DAY + timedelta(microseconds=1))

    assert balance(task.worker, "available") == 11


def test_bonuses_of_one_batch_count_together_in_their_order():
    task = begun("10")
    reports = [
        WorkReport(task.pk, "bonus", external_id=name, amount=amount)
        for name, amount in (("a", "6"), ("b", "5"), ("a", "6"), ("c", "4"), ("d", "0.01"))
    ]

    results = platforms.record_work_events(platform_id=task.platform_id, reports=reports, now=NOW)

    outcomes = [one[1] if isinstance(one, tuple) else one.code for one in results]
    assert outcomes == [True, "bonus_too_large", False, True, "bonus_too_large"]
    assert house_balance("fees") == Decimal("0.2")
    assert violated() == {}
