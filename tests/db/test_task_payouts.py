"""The part of each task's pay that has left: against a plain model, and by a fixed number of statements."""

import random
from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments import services as payments
from payments.models import LedgerEntry, PlatformPayout, Transaction
from platforms import services as platforms
from platforms.models import Task
from platforms.services import MilestonePlan, WorkReport
from platforms.tasks.errors import BonusTooLarge, BonusTooLate
from tests.db.test_open_parts import Model
from tests.flows.test_task_payouts import Failing
from tests.support.books import violated
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
)
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db

MINUTE = seconds(60)


class History:
    """A worker's pay by two platforms, and the payouts that take it, in the services and in a model."""

    def __init__(self, seed):
        self.rng, self.now, self.parts = random.Random(seed), NOW, Model()
        self.worker = WorkerFactory()
        self.platforms = [PlatformFactory(funds="1000") for _ in range(2)]
        # The task of each part; of each task whether more pay may come, and how many steps are left.
        self.task_of, self.closed, self.steps = {}, {}, {}
        # The parts that each payout took, its status, and when it was confirmed.
        self.taken, self.status, self.confirmed_at = {}, {}, {}

    def amount(self):
        return Decimal(self.rng.randrange(100_000, 3_000_000)).scaleb(-6)

    def note_new_parts(self, task=None):
        entries = LedgerEntry.objects.filter(
            kind__in=("earning", "reward"), credit_account__worker=self.worker
        )
        for entry in entries.exclude(pk__in=self.parts.left):
            self.parts.earn(entry.pk, entry.amount)
            if task is not None:
                self.task_of[entry.pk] = task.pk

    def earn(self):
        task = started(
            self.worker, platform=self.rng.choice(self.platforms), amount=self.amount(), now=self.now
        )
        platforms.complete_task(task_id=task.pk, now=self.now)
        self.closed[task.pk] = True
        self.note_new_parts(task)

    def reward(self):
        payments.grant_reward(
            worker_id=self.worker.pk, amount=self.amount(), reason="so", key=str(self.now), now=self.now
        )
        self.note_new_parts()

    def post_steps(self):
        amounts = [self.amount() for _ in range(3)]
        task = started(
            self.worker,
            platform=self.rng.choice(self.platforms),
            amount=sum(amounts),
            task_type="milestone",
            milestones=[MilestonePlan(title="Step", amount=amount) for amount in amounts],
            now=self.now,
        )
        self.closed[task.pk], self.steps[task.pk] = False, 1

    def approve(self):
        going_on = [key for key, is_closed in self.closed.items() if not is_closed]
        if going_on:
            task = Task.objects.get(pk=self.rng.choice(going_on))
            number = self.steps[task.pk]
            platforms.approve_milestone(task_id=task.pk, number=number, now=self.now)
            self.steps[task.pk] += 1
            self.closed[task.pk] = number == 3
            self.note_new_parts(task)

    def cancel_task(self):
        going_on = [key for key, is_closed in self.closed.items() if not is_closed]
        if going_on:
            key = self.rng.choice(going_on)
            platforms.cancel_task(task_id=key, now=self.now)
            self.closed[key] = True

    def bonus(self):
        done = list(Task.objects.filter(worker=self.worker, status="completed"))
        if done:
            task = self.rng.choice(done)
            amount = min(Decimal("0.05"), task.amount)
            report = WorkReport(task_id=task.pk, event_type="bonus", external_id=str(self.now), amount=amount)
            try:
                platforms.record_work_event(platform_id=task.platform_id, report=report, now=self.now)
            except (BonusTooLarge, BonusTooLate):
                return
            self.note_new_parts(task)

    def cash_out(self):
        free = sum(self.parts.left.values(), Decimal(0))
        made_today = Transaction.objects.filter(worker=self.worker, cashed_out=True).count()
        if free >= Decimal("0.1") and made_today < 20:
            payout = payments.cash_out(
                worker_id=self.worker.pk, amount=max(min(free, self.amount()), Decimal("0.1")), now=self.now
            )
            self.taken[payout.pk] = self.parts.take(payout.amount)
            self.status[payout.pk] = "pending"

    def cancel(self):
        if pending := [key for key, status in self.status.items() if status == "pending"]:
            key = self.rng.choice(pending)
            payments.cancel_payout(transaction_id=key, pay_again=True, now=self.now)
            self.end(key, "cancelled")

    def submit(self):
        payments.submit_payouts(now=self.now, provider=sandbox(self.now))
        for key in [key for key, status in self.status.items() if status == "pending"]:
            self.status[key] = "submitted"

    def settle(self):
        """Confirm or fail a payout that is under way."""
        if submitted := [key for key, status in self.status.items() if status == "submitted"]:
            key = self.rng.choice(submitted)
            Transaction.unguarded.filter(pk__in=submitted).update(next_attempt_at=NOW + seconds(10**7))
            Transaction.unguarded.filter(pk=key).update(next_attempt_at=self.now)
            fails = self.rng.random() < 0.3
            provider = Failing(clock=lambda: self.now) if fails else sandbox(self.now)
            assert payments.poll_settlements(now=self.now, provider=provider) == 1
            self.end(key, "failed" if fails else "confirmed")

    def end(self, key, status):
        self.status[key] = status
        if status == "confirmed":
            self.confirmed_at[key] = self.now
        else:
            self.parts.give_back(self.taken[key])

    def expected(self, task_id):
        """Return the task's status by the model."""
        parts = {part for part, task in self.task_of.items() if task == task_id}
        by_status = defaultdict(list)
        for key, taken in self.taken.items():
            if parts & {part for part, piece in taken.items() if piece}:
                by_status[self.status[key]].append(key)
        if by_status["submitted"]:
            return "under_way", None
        if not by_status["confirmed"]:
            return "none", None
        if not self.closed[task_id] or by_status["pending"] or any(self.parts.left[part] for part in parts):
            return "partly", None
        return "paid", max(self.confirmed_at[key] for key in by_status["confirmed"])


ACTS = (
    *("earn", "earn", "reward", "post_steps", "approve", "approve", "cancel_task", "bonus"),
    *("cash_out", "cash_out", "cash_out", "cancel", "submit", "submit", "settle", "settle", "settle"),
)


@pytest.mark.parametrize("seed", spread(range(1, 4), of="seeds", one_in=3))
def test_every_task_says_what_a_plain_model_says_of_its_payouts(seed):
    history = History(seed)
    seen = set()
    for _ in range(60):
        # Past the longest wait after a failure, so that no hold is open.
        history.now += seconds(90_000)
        payments.end_due_holds(now=history.now)
        getattr(history, history.rng.choice(ACTS))()
        rows = Task.objects.values_list("pk", "payout_status", "paid_out_at")
        told = {key: (status, at) for key, status, at in rows}
        assert told == {key: history.expected(key) for key in history.closed}
        seen |= {status for status, _ in told.values()}

    platform_of = dict(Task.objects.values_list("pk", "platform"))
    parts = defaultdict(Decimal)
    for key, taken in history.taken.items():
        for part, piece in taken.items():
            if part in history.task_of:
                parts[key, platform_of[history.task_of[part]]] += piece
    rows = PlatformPayout.objects.values_list("payout", "platform", "amount")
    assert {(payout, platform): amount for payout, platform, amount in rows} == parts
    assert seen == {"none", "under_way", "partly", "paid"}
    assert violated() == {}


def _statements(call):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        call()
    return len(captured)


@pytest.mark.parametrize("moment", spread(["made", "handed_over", "confirmed"], of="moments", one_in=3))
def test_a_payout_of_many_tasks_takes_the_statements_of_one_of_a_few(moment):
    counts = []
    # The first round also makes the rows that all later rounds find.
    for tasks in (1, 2, 12):
        worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
        for _ in range(tasks):
            task = started(worker, platform=platform, amount="1")
            platforms.complete_task(task_id=task.pk, now=NOW)
        steps = {
            "made": lambda who=worker: payments.cash_out(worker_id=who.pk, now=NOW),
            "handed_over": lambda: payments.submit_payouts(now=NOW, provider=sandbox(NOW)),
            "confirmed": lambda: payments.poll_settlements(now=NOW + MINUTE, provider=sandbox(NOW + MINUTE)),
        }
        taken = {name: _statements(step) for name, step in steps.items()}
        counts.append(taken[moment])
        assert set(platform.tasks.values_list("payout_status", flat=True)) == {"paid"}

    assert counts[1] == counts[2]


@pytest.mark.long_form
def test_a_payout_of_many_releases_has_one_row_for_their_task():
    worker = WorkerFactory()
    stream = running_stream(worker, total="24", duration=7200, interval=60)
    for minute in range(1, 61):
        payments.release_due_streams(now=NOW + minute * MINUTE)
    payments.cash_out(worker_id=worker.pk, now=NOW + 61 * MINUTE)
    settle(NOW + 61 * MINUTE)

    (row,) = stream.task.covered_by.all()
    assert (row.amount, row.pay) == (12, 12)
