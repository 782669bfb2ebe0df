"""Payouts of available money: when, how much, for which earnings, and the end of a payout that fails."""

from decimal import Decimal

import pytest

from gigstream.remote_calls.errors import CallRefused, ServiceUnavailable
from payments import services as payments
from payments.models import LedgerEntry, SandboxTransfer, Transaction
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.provider.enums import TransferState
from payments.settlement.provider.protocol import ProviderTransfer
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    house_balance,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
)

pytestmark = pytest.mark.django_db


def earn(worker, amount, *, now=NOW):
    task = started(worker, amount=amount, now=now)
    platforms.complete_task(task_id=task.pk, now=now)


class NoAnswer(SandboxProvider):
    """Takes the transfer, and the answer is lost."""

    def transfer(self, **kwargs):
        super().transfer(**kwargs)
        raise ServiceUnavailable("timed out")


class SaysNo(SandboxProvider):
    def transfer(self, **kwargs):
        raise CallRefused("the wallet is not allowed", error_class="execution")


class OtherAmount(SandboxProvider):
    """Reports another transfer under our id."""

    def get(self, transfer_id):
        real = super().get(transfer_id)
        return ProviderTransfer(
            id=real.id,
            state=TransferState.CONFIRMED,
            to_wallet=real.to_wallet,
            amount=real.amount + 1,
            tx_hash=real.tx_hash,
            block_number=real.block_number,
            confirmations=99,
        )


def test_small_earnings_wait_for_the_minimum_and_share_one_transfer():
    worker = WorkerFactory()
    for second in range(3):
        earn(worker, "0.4", now=NOW + seconds(second))
        made = payments.create_due_payouts(now=NOW + seconds(second))
        assert made == (1 if second == 2 else 0)

    payout = Transaction.objects.get(type="payout")
    assert payout.amount == Decimal("1.2")
    assert [part.amount for part in payout_parts(payout.pk)] == [Decimal("0.4")] * 3


def test_a_small_earning_leaves_when_it_is_an_hour_old():
    worker = WorkerFactory()
    earn(worker, "0.4")

    assert payments.create_due_payouts(now=NOW + seconds(3599)) == 0
    assert payments.create_due_payouts(now=NOW + seconds(3600)) == 1


def test_payouts_cover_earnings_first_in_first_out():
    worker = WorkerFactory()
    earn(worker, "10")
    earn(worker, "7")
    first = payments.cash_out(worker_id=worker.pk, amount="12", now=NOW)
    second = payments.cash_out(worker_id=worker.pk, now=NOW)
    earnings = list(LedgerEntry.objects.filter(kind="earning").order_by("id"))

    assert [(part.entry, part.amount) for part in payout_parts(first.pk)] == [
        (earnings[0], 10),
        (earnings[1], 2),
    ]
    assert [(part.entry, part.amount) for part in payout_parts(second.pk)] == [(earnings[1], 5)]


def test_a_cancelled_payout_gives_its_earnings_to_the_next():
    worker = WorkerFactory()
    earn(worker, "10")
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)

    cancelled = payments.cancel_payout(
        transaction_id=payout.pk, reason="asked to wait", pay_again=True, now=NOW
    )

    assert cancelled.status == "cancelled"
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
    again = payments.cash_out(worker_id=worker.pk, now=NOW)
    assert again.idempotency_key != payout.idempotency_key
    assert [part.amount for part in payout_parts(again.pk)] == [10]


def test_a_transfer_is_confirmed_only_after_enough_blocks():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=sandbox(NOW))
    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.tx_hash, payout.retry_count) == ("submitted", None, 1)

    payments.poll_settlements(now=NOW + seconds(2), provider=sandbox(NOW + seconds(2)))
    payout.refresh_from_db()
    assert (payout.status, payout.confirmations) == ("submitted", 1)
    assert payout.tx_hash

    payments.poll_settlements(now=NOW + seconds(6), provider=sandbox(NOW + seconds(6)))
    payout.refresh_from_db()
    assert (payout.status, payout.confirmations, payout.confirmed_at) == ("confirmed", 3, NOW + seconds(6))
    assert balance(worker, "in_transit") == 0
    assert payments.poll_settlements(now=NOW + seconds(99), provider=sandbox(NOW + seconds(99))) == 0


def test_a_transfer_that_fails_on_chain_is_given_back_once(settings):
    worker = WorkerFactory()
    settings.SANDBOX_BLOCKLIST = [worker.wallet_address]
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)

    settle(NOW)
    settle(NOW + seconds(120))

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.error_message, payout.tx_hash) == ("failed", "blocklisted", None)
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
    assert LedgerEntry.objects.filter(kind="payout_void").count() == 1


def test_a_lost_answer_is_unknown_and_asked_again_under_the_same_key():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)

    assert payments.submit_payouts(now=NOW, provider=NoAnswer(lambda: NOW)) == 0
    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.error_message) == ("pending", "timed out")
    assert balance(worker, "in_transit") == 10
    assert payments.submit_payouts(now=NOW + seconds(1), provider=sandbox(NOW)) == 0, "not before its turn"

    settle(NOW + seconds(30))

    payout.refresh_from_db()
    assert (payout.status, payout.retry_count) == ("confirmed", 2)
    assert SandboxTransfer.objects.count() == 1
    assert house_balance("outside") == -1000 + 10


def test_a_refusal_parks_the_transfer_for_staff_who_may_cancel_it():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)

    payments.submit_payouts(now=NOW, provider=SaysNo(lambda: NOW))
    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.next_attempt_at) == ("pending", None)
    assert payments.submit_payouts(now=NOW + seconds(9999), provider=sandbox(NOW)) == 0
    assert balance(worker, "in_transit") == 10

    payments.cancel_payout(transaction_id=payout.pk, now=NOW)
    assert balance(worker, "available") == 10


def test_a_parked_transfer_says_since_when_and_why_until_staff_let_it_go_on():
    worker = WorkerFactory()
    earn(worker, "10")
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    payments.submit_payouts(now=NOW, provider=SaysNo(lambda: NOW))

    payout.refresh_from_db()
    assert (payout.status, payout.parked_at, payout.parked_reason) == ("pending", NOW, "refused")

    payments.offer_again(transaction_id=payout.pk, now=NOW + seconds(60))
    payout.refresh_from_db()
    assert (payout.parked_at, payout.parked_reason) == (None, "")


def test_a_transfer_is_not_handed_over_before_its_time():
    worker = WorkerFactory()
    earn(worker, "10")
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    Transaction.unguarded.filter(pk=payout.pk).update(not_before=NOW + seconds(60))

    assert payments.submit_payouts(now=NOW + seconds(59), provider=sandbox(NOW)) == 0
    later = NOW + seconds(60)
    assert payments.submit_payouts(now=later, provider=sandbox(later)) == 1


def test_another_amount_than_ours_is_never_taken_for_it():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=sandbox(NOW))

    later = NOW + seconds(60)
    assert payments.poll_settlements(now=later, provider=OtherAmount(lambda: later)) == 0

    payout = Transaction.objects.get(type="payout")
    assert payout.status == "submitted"
    assert payout.error_message == f"the provider reports 11.000000 to {worker.wallet_address}"
    assert balance(worker, "in_transit") == 10


def test_the_provider_is_never_called_inside_a_database_transaction(django_db_blocker):
    from django.db import transaction

    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        payments.submit_payouts(now=NOW, provider=sandbox(NOW))


def test_creating_payouts_costs_the_same_statements_for_one_or_many(django_assert_max_num_queries):
    platform = PlatformFactory(funds="10000")
    for _ in range(25):
        running_stream(WorkerFactory(), total="360", platform=platform)
    payments.release_due_streams(now=NOW + seconds(60))

    with django_assert_max_num_queries(24):
        assert payments.create_due_payouts(now=NOW + seconds(3660)) == 25


class Unreachable(SandboxProvider):
    def get(self, transfer_id):
        raise ServiceUnavailable("connection reset")


def test_a_provider_that_cannot_be_asked_leaves_the_transfer_as_it_is():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=sandbox(NOW))

    later = NOW + seconds(60)
    assert payments.poll_settlements(now=later, provider=Unreachable(lambda: later)) == 0

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.error_message) == ("submitted", "connection reset")
    assert balance(worker, "in_transit") == 10

    again = later + seconds(30)
    assert payments.poll_settlements(now=later + seconds(29), provider=sandbox(again)) == 0, (
        "not before its turn"
    )
    assert payments.poll_settlements(now=again, provider=sandbox(again)) == 1


def test_what_the_provider_has_under_our_key_must_be_ours():
    worker = WorkerFactory()
    earn(worker, "10")
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=NoAnswer(lambda: NOW))
    SandboxTransfer.objects.update(amount=11)

    payments.submit_payouts(now=NOW + seconds(30), provider=sandbox(NOW))

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.next_attempt_at) == ("pending", None)
    assert payout.error_message.startswith("the provider reports 11.000000 to ")
