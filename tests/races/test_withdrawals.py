"""A platform's money on its way out while others reach for it: each cent goes a single way."""

from datetime import timedelta
from functools import partial

import pytest

from gigstream.core.errors import IllegalMove
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Transaction
from payments.settlement.payouts.errors import HoldExceedsAvailable, MoneyHeld, PayoutUnderWay
from payments.withdrawals.errors import WithdrawalUnderWay
from platforms import services as platforms
from tests.support.database.interleaving import WRITTEN, acts, first_then_second
from tests.support.factories import (
    NOW,
    TaskFactory,
    WorkerFactory,
    balance,
    consent,
    sandbox,
    seconds,
    withdrawing_platform,
)

pytestmark = pytest.mark.django_db(transaction=True)

LEAVES = NOW + timedelta(hours=24)
ALL = "100"


@pytest.fixture
def platform():
    """A platform with 100 USDC and an address."""
    return withdrawing_platform(ALL)


def withdraw(platform, amount=ALL):
    return partial(payments.request_withdrawal, platform_id=platform.pk, amount=amount, now=NOW)


def withdrawals():
    return Transaction.objects.filter(type="withdrawal")


def money(platform):
    return tuple(balance(platform, name) for name in ("available", "escrow", "in_transit"))


class TestRequests:
    def test_of_two_withdrawals_of_everything_one_is_made(self, books_balance, platform):
        made, refusal = first_then_second(withdraw(platform), withdraw(platform))

        assert (made.amount, type(refusal)) == (100, WithdrawalUnderWay)
        assert withdrawals().count() == 1
        assert money(platform) == (0, 0, 100)
        books_balance()

    def test_of_eight_at_once_one_is_made(self, at_once, books_balance, platform):
        done, refusals = at_once(*[withdraw(platform)] * 8)

        assert (len(done), {type(refusal) for refusal in refusals}) == (1, {WithdrawalUnderWay})
        assert money(platform) == (0, 0, 100)
        books_balance()


class TestHolds:
    def holding(self, platform, amount=ALL):
        return partial(
            payments.hold_withdrawals, platform_id=platform.pk, amount=amount, reason="looked at", now=NOW
        )

    def test_what_is_held_first_is_not_withdrawn(self, books_balance, platform):
        hold, refusal = first_then_second(self.holding(platform, "60"), withdraw(platform, "41"))

        assert (hold.amount, type(refusal)) == (60, MoneyHeld)
        assert not withdrawals().exists()
        assert money(platform) == (100, 0, 0)
        books_balance()

    def test_what_is_withdrawn_first_is_not_held(self, books_balance, platform):
        made, refusal = first_then_second(withdraw(platform, "60"), self.holding(platform, "41"))

        assert (made.amount, type(refusal)) == (60, HoldExceedsAvailable)
        assert money(platform) == (40, 0, 60)
        books_balance()


class TestAssignments:
    @pytest.fixture
    def assign(self, platform):
        """Assigning a task that needs all of the platform's money but for a micro-USDC or two."""
        task, worker = TaskFactory(platform=platform, amount="98"), WorkerFactory()
        consent(platform, worker)
        return partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW)

    def test_money_that_is_withdrawn_first_pays_for_no_task(self, books_balance, platform, assign):
        made, refusal = first_then_second(withdraw(platform), assign)

        assert (made.amount, type(refusal)) == (100, InsufficientFunds)
        assert money(platform) == (0, 0, 100)
        books_balance()

    def test_money_that_is_reserved_first_is_not_withdrawn(self, books_balance, platform, assign):
        given, refusal = first_then_second(assign, withdraw(platform))

        assert (given.status, type(refusal)) == ("assigned", InsufficientFunds)
        assert not withdrawals().exists()
        assert sum(money(platform)) == 100
        assert balance(platform, "escrow") == given.amount + given.amount / 50
        books_balance()


class TestTheWait:
    @pytest.fixture
    def made(self, platform):
        return withdraw(platform)()

    def stopping(self, made, now=LEAVES):
        return partial(payments.stop_withdrawal, transaction_id=made.pk, reason="not ours", now=now)

    def releasing(self, made):
        return partial(payments.release_withdrawal, transaction_id=made.pk, now=NOW + seconds(60))

    def submitting(self, at=LEAVES):
        return partial(payments.submit_payouts, now=at, provider=sandbox(at))

    def test_what_is_stopped_first_is_not_let_go(self, books_balance, platform, made):
        stopped, refusal = first_then_second(self.stopping(made, NOW + seconds(60)), self.releasing(made))

        assert (stopped.status, type(refusal)) == ("cancelled", IllegalMove)
        assert self.submitting()() == 0
        assert money(platform) == (100, 0, 0)
        books_balance()

    def test_what_is_let_go_first_is_stopped_as_long_as_nobody_has_taken_it(
        self, books_balance, platform, made
    ):
        gone, stopped = first_then_second(self.releasing(made), self.stopping(made, NOW + seconds(60)))

        assert (gone.not_before, stopped.status) == (NOW + seconds(60), "cancelled")
        assert self.submitting()() == 0
        assert money(platform) == (100, 0, 0)
        books_balance()

    def test_the_job_passes_by_what_is_being_stopped(self, books_balance, platform, made):
        with acts() as start:
            stopping = start(self.stopping(made), stop_before=WRITTEN)
            stopping.wait_until_stopped()
            assert start(self.submitting()).outcome() == 0
            assert stopping.outcome().status == "cancelled"

        assert self.submitting()() == 0
        assert money(platform) == (100, 0, 0)
        books_balance()

    def test_what_the_job_has_taken_up_is_not_stopped(self, books_balance, platform, made):
        with acts() as start:
            submitting = start(self.submitting(), stop_before='INSERT INTO "settlement_attempts"')
            submitting.wait_until_stopped()
            stopping = start(self.stopping(made))
            stopping.wait_until_blocked(by=submitting)
            assert submitting.outcome() == 1
            assert isinstance(stopping.outcome(), IllegalMove | PayoutUnderWay)

        assert money(platform) == (0, 0, 100)
        assert withdrawals().get().status == "submitted"
        books_balance()
