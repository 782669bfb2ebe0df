"""Money on its way out twice: several jobs, a job that was thought dead, a person and a job."""

from functools import partial
from threading import Event

import pytest

from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Account, LedgerEntry, SandboxTransfer, Transaction
from payments.settlement.payouts.errors import HoldExceedsAvailable, MoneyHeld, PayoutUnderWay
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.payouts.services import payouts
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from tests.support.database.interleaving import LOCKED, acts
from tests.support.factories import NOW, WorkerFactory, balance, running_stream, sandbox, seconds, started

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + seconds(120)


@pytest.fixture
def worker():
    """A worker who has earned 10 USDC."""
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    return worker


def the_payout():
    return Transaction.objects.get(type="payout")


def assert_paid_once(worker):
    """Require that a single payout carries the earning, and nothing is left to pay."""
    payout = the_payout()
    assert [(part.entry.kind, part.amount) for part in payout_parts(payout.pk)] == [("earning", 10)]
    assert balance(worker, "available") == 0


class TestHold:
    CREATE = partial(payments.create_due_payouts, now=NOW)

    @pytest.mark.parametrize("job_lock", ["taken", "lost"])
    def test_a_second_job_leaves_alone_what_the_first_has_picked(
        self, monkeypatch, books_balance, worker, job_lock
    ):
        if job_lock == "lost":
            monkeypatch.setattr(payouts, "try_lock", lambda name: True)

        with acts() as start:
            first = start(self.CREATE, stop_after="UPDATE OF a SKIP LOCKED")
            first.wait_until_stopped()
            assert start(self.CREATE).outcome() == 0
            assert first.outcome() == 1

        assert_paid_once(worker)
        books_balance()

    def test_a_cash_out_finds_nothing_left_by_the_job(self, books_balance, worker):
        with acts() as start:
            creating = start(self.CREATE, stop_after="UPDATE OF a SKIP LOCKED")
            creating.wait_until_stopped()
            cashing_out = start(partial(payments.cash_out, worker_id=worker.pk, now=NOW))
            cashing_out.wait_until_blocked(by=creating)
            assert creating.outcome() == 1
            assert isinstance(cashing_out.outcome(), InsufficientFunds)

        assert_paid_once(worker)
        books_balance()

    def test_the_job_passes_by_who_is_cashing_out(self, books_balance, worker):
        with acts() as start:
            cashing_out = start(
                partial(payments.cash_out, worker_id=worker.pk, now=NOW), stop_after=f'"accounts".*{LOCKED}'
            )
            cashing_out.wait_until_stopped()
            assert start(self.CREATE).outcome() == 0
            assert cashing_out.outcome().amount == 10

        assert payments.create_due_payouts(now=NOW) == 0
        assert_paid_once(worker)
        books_balance()


class TestHeld:
    """A hold is made under the lock under which money leaves: held money has not left, and will not."""

    CREATE = partial(payments.create_due_payouts, now=NOW)

    def holding(self, worker):
        return partial(payments.hold_payouts, worker_id=worker.pk, amount="10", reason="looked at", now=NOW)

    def test_a_hold_that_comes_while_a_payout_is_made_finds_nothing_to_keep(self, books_balance, worker):
        with acts() as start:
            creating = start(self.CREATE, stop_after="UPDATE OF a SKIP LOCKED")
            creating.wait_until_stopped()
            holding = start(self.holding(worker))
            holding.wait_until_blocked(by=creating)
            assert creating.outcome() == 1
            assert isinstance(holding.outcome(), HoldExceedsAvailable)

        assert_paid_once(worker)
        books_balance()

    def test_a_cash_out_that_comes_while_a_hold_is_made_takes_nothing_of_it(self, books_balance, worker):
        with acts() as start:
            holding = start(self.holding(worker), stop_after=f'"accounts".*{LOCKED}')
            holding.wait_until_stopped()
            cashing_out = start(partial(payments.cash_out, worker_id=worker.pk, now=NOW))
            cashing_out.wait_until_blocked(by=holding)
            assert holding.outcome().amount == 10
            assert isinstance(cashing_out.outcome(), MoneyHeld)

        assert payments.create_due_payouts(now=LATER) == 0
        assert balance(worker, "available") == 10
        books_balance()

    def test_a_release_that_comes_while_a_hold_is_made_is_not_held(self, books_balance, worker):
        running_stream(worker, total="60", duration=3600)
        with acts() as start:
            holding = start(self.holding(worker), stop_after=f'"accounts".*{LOCKED}')
            holding.wait_until_stopped()
            releasing = start(partial(payments.release_due_streams, now=NOW + seconds(60)))
            releasing.wait_until_blocked(by=holding)
            assert holding.outcome().amount == 10
            assert releasing.outcome() == 1

        assert payments.cash_out(worker_id=worker.pk, now=NOW + seconds(60)).amount == 1
        assert balance(worker, "available") == 10
        books_balance()


class Hangs(SandboxProvider):
    """A provider that answers only at a signal; the transfer is taken at once."""

    def __init__(self):
        super().__init__(clock=lambda: NOW)
        self.taken, self.may_answer = Event(), Event()

    def transfer(self, **kwargs):
        return self._answer(super().transfer(**kwargs))

    def get(self, transfer_id):
        return self._answer(sandbox(LATER).get(transfer_id))

    def _answer(self, answer):
        self.taken.set()
        assert self.may_answer.wait(20)
        return answer


class TestProvider:
    """A job calls the provider and hangs until its lease has run out; the next job takes the payout up."""

    @pytest.fixture
    def payout(self, worker):
        return payments.cash_out(worker_id=worker.pk, now=NOW)

    def hang(self, start, job):
        provider = Hangs()
        hanging = start(partial(job, now=NOW + seconds(2), provider=provider))
        assert provider.taken.wait(20)
        return hanging, provider

    def test_a_payout_that_two_jobs_offer_is_one_transfer(self, books_balance, worker, payout):
        with acts() as start:
            hanging, provider = self.hang(start, payments.submit_payouts)
            assert payments.submit_payouts(now=NOW + seconds(3), provider=sandbox(NOW)) == 0, "leased"
            assert payments.submit_payouts(now=LATER, provider=sandbox(LATER)) == 1
            provider.may_answer.set()
            assert hanging.outcome() == 0

        payout.refresh_from_db()
        assert (payout.status, payout.retry_count) == ("submitted", 2)
        assert SandboxTransfer.objects.count() == 1
        assert_paid_once(worker)
        books_balance()

    def test_a_payout_that_two_jobs_see_confirmed_is_settled_once(self, books_balance, worker, payout):
        payments.submit_payouts(now=NOW, provider=sandbox(NOW))
        with acts() as start:
            hanging, provider = self.hang(start, payments.poll_settlements)
            assert payments.poll_settlements(now=NOW + seconds(3), provider=sandbox(LATER)) == 0, "leased"
            assert payments.poll_settlements(now=LATER, provider=sandbox(LATER)) == 1
            provider.may_answer.set()
            assert hanging.outcome() == 0

        payout.refresh_from_db()
        assert payout.status == "confirmed"
        assert LedgerEntry.objects.filter(kind="payout_settled").count() == 1
        assert balance(worker, "in_transit") == 0
        books_balance()

    def test_a_payout_that_is_being_offered_cannot_be_cancelled(self, books_balance, worker, payout):
        with acts() as start:
            hanging, provider = self.hang(start, payments.submit_payouts)
            cancelling = start(partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW))
            assert isinstance(cancelling.outcome(), PayoutUnderWay)
            provider.may_answer.set()
            assert hanging.outcome() == 1

        payout.refresh_from_db()
        assert (payout.status, balance(worker, "in_transit")) == ("submitted", 10)
        books_balance()

    def test_a_payout_that_is_being_cancelled_is_not_offered(self, books_balance, worker, payout):
        with acts() as start:
            cancelling = start(
                partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW),
                stop_after=f'FROM "transactions".*{LOCKED}',
            )
            cancelling.wait_until_stopped()
            assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 0
            assert cancelling.outcome().status == "cancelled"

        assert payments.submit_payouts(now=LATER, provider=sandbox(LATER)) == 0
        assert not SandboxTransfer.objects.exists()
        assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
        books_balance()

    def test_of_eight_cancellations_one_gives_the_money_back(self, at_once, books_balance, worker, payout):
        done, refusals = at_once(
            *[partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW)] * 8, behind=payout
        )

        assert (len(done), [refusal.code for refusal in refusals]) == (1, ["illegal_status"] * 7)
        assert LedgerEntry.objects.filter(kind="payout_void").count() == 1
        assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
        books_balance()


def test_an_earning_that_comes_while_a_payout_is_made_is_in_it_or_in_the_next(at_once, books_balance, worker):
    task = started(worker, amount="7")

    done, refusals = at_once(
        partial(platforms.complete_task, task_id=task.pk, now=NOW),
        partial(payments.cash_out, worker_id=worker.pk, now=NOW),
        behind=Account.objects.get(worker=worker, name="available"),
    )

    assert (len(done), refusals) == (2, [])
    payments.create_due_payouts(now=NOW)
    made = list(Transaction.objects.filter(type="payout").order_by("created_at", "id"))
    assert sum(payout.amount for payout in made) == 17
    covered = [part.entry.pk for payout in made for part in payout_parts(payout.pk)]
    assert sorted(covered) == sorted(LedgerEntry.objects.filter(kind="earning").values_list("pk", flat=True))
    books_balance()


def test_four_processes_make_submit_and_settle_each_payout_once(at_once, books_balance):
    for _ in range(12):
        platforms.complete_task(task_id=started(WorkerFactory(), amount="10").pk, now=NOW)

    made, _ = at_once(*[partial(payments.create_due_payouts, now=NOW)] * 4)
    taken, _ = at_once(*[partial(payments.submit_payouts, now=NOW, provider=sandbox(NOW))] * 4)
    later = NOW + seconds(60)
    ended, _ = at_once(*[partial(payments.poll_settlements, now=later, provider=sandbox(later))] * 4)

    assert (sum(made), sum(taken), sum(ended)) == (12, 12, 12)
    assert set(Transaction.objects.filter(type="payout").values_list("status", "retry_count")) == {
        ("confirmed", 1)
    }
    assert LedgerEntry.objects.filter(kind="payout_settled").count() == 12
    assert SandboxTransfer.objects.count() == 12
    books_balance()
