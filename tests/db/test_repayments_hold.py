"""Earnings of every kind, advances and repayments in any order, on real PostgreSQL: of every earning the
worker keeps at least half, nobody repays more than is owed, and a repaid loan's account is at zero."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from gigstream.core.money import from_micro, to_micro
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.services import MilestonePlan
from tests.support.books import violated
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    running_stream,
    settle,
    started,
)
from tests.support.long_forms import count
from workers.models import Worker

EXAMPLES = count(short=5, long=15)
LONGEST = 12
USDC = 10**6

pay = st.sampled_from([1, 2, 3, USDC, 10 * USDC, 99_999_999]) | st.integers(1, 60 * USDC)
lent = st.sampled_from([USDC, 5 * USDC, 33_333_333]) | st.integers(USDC, 60 * USDC)
steps = st.one_of(
    st.tuples(st.sampled_from(["fixed", "milestones", "bonus"]), pay),
    st.tuples(st.sampled_from(["release", "claim"]), st.integers(61, 60 * USDC)),
    st.tuples(st.just("lend"), lent),
    st.tuples(st.just("repay"), st.integers(1, 100)),
    st.tuples(st.just("default"), st.just(0)),
)
done: Counter[str] = Counter()


@dataclass
class Life:
    """A worker's debt, as the rule computes it, in micro-USDC."""

    worker: Worker = field(default_factory=WorkerFactory)
    due: int = 0
    owed: int = 0
    available: int = 0
    number: int = 0
    now: Any = NOW

    def __post_init__(self) -> None:
        self.platform = PlatformFactory(funds="100000")

    def earned(self, amount: int) -> None:
        part = min(self.owed, max(self.due // 5, USDC), amount // 2)
        self.owed -= part
        self.available += amount - part
        done["repaid by an earning"] += bool(part)

    def task(self, amount: int, **more: Any) -> Any:
        return started(self.worker, platform=self.platform, amount=from_micro(amount), now=self.now, **more)

    def fixed(self, amount: int) -> None:
        platforms.complete_task(task_id=self.task(amount).pk, now=self.now)
        self.earned(amount)

    def milestones(self, amount: int) -> None:
        parts = (amount, amount + 1)
        plans = [MilestonePlan(f"{part}", f"{from_micro(part):f}") for part in parts]
        task = self.task(sum(parts), task_type="milestone", milestones=plans)
        for number, part in enumerate(parts, start=1):
            platforms.approve_milestone(task_id=task.pk, number=number, now=self.now)
            self.earned(part)

    def bonus(self, amount: int) -> None:
        task, self.number = self.task(max(amount, USDC)), self.number + 1
        report = platforms.WorkReport(
            task.pk, "bonus", external_id=str(self.number), amount=f"{from_micro(amount):f}"
        )
        platforms.record_work_event(platform_id=self.platform.pk, report=report, now=self.now)
        self.earned(amount)

    def stream(self, amount: int) -> Any:
        stream = running_stream(
            self.worker, platform=self.platform, total=from_micro(amount), duration=3600, now=self.now
        )
        self.now += timedelta(minutes=20)
        return stream

    def release(self, amount: int) -> None:
        stream = self.stream(amount)
        assert payments.release_due_streams(now=self.now) == 1
        self.earned(amount // 3)
        platforms.cancel_task(task_id=stream.task_id, now=self.now)

    def claim(self, amount: int) -> None:
        stream = self.stream(amount)
        payments.claim_stream(stream_id=stream.pk, now=self.now)
        self.earned(amount // 3)
        platforms.cancel_task(task_id=stream.task_id, now=self.now)

    def lend(self, amount: int) -> None:
        if self.owed:
            return
        loan = loans.request_loan(
            worker_id=self.worker.pk, amount=from_micro(amount), fee_bps=350, now=self.now
        )
        approve_by_staff(loan_id=loan.pk, now=self.now)
        disbursement_services.disburse_loan(loan_id=loan.pk, now=self.now)
        settle(self.now)
        self.due = self.owed = amount + amount * 350 // 10_000

    def repay(self, percent: int) -> None:
        amount = min(self.owed, self.available) * percent // 100
        if amount:
            loan = Loan.objects.owing().get(worker=self.worker)
            repayment_services.repay_early(loan_id=loan.pk, amount=from_micro(amount), now=self.now)
            self.owed -= amount
            self.available -= amount

    def default(self, _: int) -> None:
        self.now += timedelta(days=61)
        done["defaulted"] += recovery_services.default_overdue_loans(now=self.now)

    def is_as_the_law_says(self) -> None:
        assert to_micro(balance(self.worker, "available")) == self.available
        assert to_micro(balance(self.worker, "loan")) == -self.owed
        newest = Loan.objects.filter(worker=self.worker).order_by("-requested_at", "-pk").first()
        if newest is not None:
            assert (newest.status == "repaid", to_micro(newest.owed)) == (self.owed == 0, self.owed)


def takings() -> list[tuple[Decimal, Decimal]]:
    """Return each earning with the amount that was taken of it."""
    taken: dict[str, Decimal] = {}
    for key, amount in LedgerEntry.objects.filter(kind="repayment").values_list("idempotency_key", "amount"):
        taken[key.split(":", 2)[2]] = amount
    earned = LedgerEntry.objects.filter(kind__in=("earning", "release", "reward"))
    return [(one.amount, taken.get(one.pk, Decimal(0))) for one in earned]


@pytest.mark.shortened
@pytest.mark.django_db(transaction=True)
def test_the_worker_keeps_half_and_repays_what_is_owed_whatever_happens():
    done.clear()
    some_lives()
    assert done["repaid by an earning"] >= EXAMPLES, done


@settings(deadline=None, print_blob=True, max_examples=EXAMPLES)
@given(st.lists(steps, min_size=4, max_size=LONGEST))
def some_lives(acts: list[tuple[str, int]]) -> None:
    frame = transaction.atomic()
    frame._from_testcase = True
    with frame:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        life = Life()
        life.lend(5 * USDC)
        for name, amount in acts:
            getattr(life, name)(amount)
            life.is_as_the_law_says()
        assert all(taken * 2 <= earned for earned, taken in takings())
        assert violated() == {}
        transaction.set_rollback(True)
