"""Two acts that change at once how much of a task's pay has left: the later act sees both."""

from functools import partial

import pytest

from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from platforms.models import PlatformEvent, Task
from platforms.services import WorkReport
from tests.support.database.interleaving import LOCKED, acts
from tests.support.factories import NOW, WorkerFactory, running_stream, sandbox, seconds, settle, started

pytestmark = pytest.mark.django_db(transaction=True)

WRITTEN = r"UPDATE tasks t SET payout_status"
TASK_LOCKED = f'"tasks".*{LOCKED}'
MINUTE = seconds(60)


@pytest.fixture
def worker():
    return WorkerFactory()


@pytest.fixture
def task(worker):
    """A task that has paid the worker 10 USDC."""
    task = started(worker, amount="10")
    return platforms.complete_task(task_id=task.pk, now=NOW)


def payout_of(task):
    return Task.objects.values_list("payout_status", "paid_out_at").get(pk=task.pk)


def poll(now):
    return partial(payments.poll_settlements, now=now, provider=sandbox(now))


def submit(now):
    payments.submit_payouts(now=now, provider=sandbox(now))


def test_of_two_payouts_confirmed_at_once_the_later_sees_that_all_has_left(books_balance, worker, task):
    first, second = (payments.cash_out(worker_id=worker.pk, amount=amount, now=NOW) for amount in ("4", "6"))
    submit(NOW)
    early, late = NOW + MINUTE, NOW + seconds(61)
    for payout, due_at in ((first, early), (second, late)):
        Transaction.unguarded.filter(pk=payout.pk).update(next_attempt_at=due_at)

    with acts() as start:
        one = start(poll(early), stop_after=WRITTEN)
        one.wait_until_stopped()
        other = start(poll(late))
        other.wait_until_blocked(by=one)
        assert (one.outcome(), other.outcome()) == (1, 1)

    assert payout_of(task) == ("paid", late)
    books_balance()


@pytest.fixture
def stream(worker):
    """A stream whose releases so far are on their way to the worker's wallet."""
    stream = running_stream(worker, total="6", duration=7200)
    payments.release_due_streams(now=NOW + seconds(3600))
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(3600))
    payments.cash_out(worker_id=worker.pk, now=NOW + seconds(3600))
    submit(NOW + seconds(3600))
    return stream


CONFIRMED_AT = NOW + seconds(3700)


@pytest.mark.parametrize("first", ["confirmed", "cancelled"])
def test_a_task_cancelled_while_its_pay_is_confirmed_is_paid(books_balance, stream, first):
    cancel = partial(platforms.cancel_task, task_id=stream.task_id, now=CONFIRMED_AT)
    with acts() as start:
        if first == "confirmed":
            one, later = start(poll(CONFIRMED_AT), stop_after=WRITTEN), cancel
        else:
            one, later = start(cancel, stop_after=TASK_LOCKED), poll(CONFIRMED_AT)
        one.wait_until_stopped()
        other = start(later)
        other.wait_until_blocked(by=one)
        one.outcome()
        other.outcome()

    assert payout_of(stream.task) == ("paid", CONFIRMED_AT)
    books_balance()


@pytest.mark.parametrize("first", ["confirmed", "bonus"])
def test_a_bonus_beside_a_confirmation_leaves_the_task_partly_paid(books_balance, worker, task, first):
    payments.create_due_payouts(now=NOW)
    submit(NOW)
    at = NOW + MINUTE
    report = WorkReport(task_id=task.pk, event_type="bonus", external_id="b", amount="2")
    reward = partial(platforms.record_work_event, platform_id=task.platform_id, report=report, now=at)
    with acts() as start:
        if first == "confirmed":
            one, later = start(poll(at), stop_after=WRITTEN), reward
        else:
            one, later = start(reward, stop_after=TASK_LOCKED), poll(at)
        one.wait_until_stopped()
        other = start(later)
        other.wait_until_blocked(by=one)
        one.outcome()
        other.outcome()

    assert payout_of(task) == ("partly", None)
    books_balance()
    payments.create_due_payouts(now=at)
    settle(at)
    assert payout_of(task) == ("paid", at + MINUTE)
    books_balance()


def test_a_payout_that_is_being_cancelled_is_told_to_nobody(books_balance, worker, task):
    payments.create_due_payouts(now=NOW)
    payout = Transaction.objects.get(type="payout")
    with acts() as start:
        cancelling = start(
            partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW),
            stop_after=f'"transactions".*{LOCKED}',
        )
        cancelling.wait_until_stopped()
        submit(NOW)
        assert cancelling.outcome().status == "cancelled"

    submit(NOW)
    assert payout_of(task) == ("none", None)
    assert not [event for event in PlatformEvent.objects.all() if event.payload.get("type") == "payout"]
    books_balance()
