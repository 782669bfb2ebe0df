"""Payouts settle through CircleProvider over HTTP: each is sent once, whatever is lost on the way."""

from decimal import Decimal

import pytest

from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.books import violated
from tests.factories import NOW, WorkerFactory, balance, seconds, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def payout(twin):
    """A worker has earned 10 USDC, which are on their way out."""
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    return Transaction.objects.get(type="payout")


def settle(circle, twin, *, after):
    payments.submit_payouts(now=NOW + seconds(after), provider=circle)
    twin.advance()
    payments.poll_settlements(now=NOW + seconds(after + 60), provider=circle)


def test_a_payout_is_sent_mined_and_booked(circle, twin, payout):
    settle(circle, twin, after=0)

    payout.refresh_from_db()
    [sent] = twin.transactions()
    assert (payout.status, payout.circle_tx_id, payout.tx_hash) == ("confirmed", sent["id"], sent["txHash"])
    assert (sent["destinationAddress"], Decimal(sent["amounts"][0])) == (payout.to_wallet, payout.amount)
    assert balance(payout.worker, "in_transit") == 0
    assert violated() == {}


@pytest.mark.parametrize(
    "fault", ["timeout_after", "reset_after", "error_after", "garbage", "busy", "reset_before"]
)
def test_a_lost_answer_pays_once(circle, twin, payout, fault, settings):
    settings.CIRCLE_READ_SECONDS = 1
    twin.wrong("transfer", fault=fault)

    settle(circle, twin, after=0)
    payout.refresh_from_db()
    assert payout.status == "pending"
    settle(circle, twin, after=120)

    payout.refresh_from_db()
    assert payout.status == "confirmed"
    assert [one["id"] for one in twin.transactions()] == [payout.circle_tx_id]
    assert violated() == {}


@pytest.mark.parametrize("fate", ["denied", "failed", "reverted", "no_gas"])
def test_a_transfer_that_ends_badly_gives_the_money_back(circle, twin, payout, fate):
    twin.wrong("transfer", fate=fate)

    settle(circle, twin, after=0)

    payout.refresh_from_db()
    assert payout.status == "failed"
    assert (balance(payout.worker, "available"), balance(payout.worker, "in_transit")) == (10, 0)
    assert violated() == {}


@pytest.mark.parametrize("fate", ["stuck", "wrong_amount", "wrong_address"])
def test_a_transfer_that_is_stuck_or_not_ours_is_neither_booked_nor_given_back(circle, twin, payout, fate):
    twin.wrong("transfer", fate=fate)

    settle(circle, twin, after=0)

    payout.refresh_from_db()
    assert payout.status == "submitted"
    assert (balance(payout.worker, "available"), balance(payout.worker, "in_transit")) == (0, 10)
    assert violated() == {}
