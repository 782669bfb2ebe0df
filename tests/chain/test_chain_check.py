"""Reconciliation's third leg: the chain's record of confirmed transfers, and the balances of the wallets."""

from decimal import Decimal

import pytest

from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import Discrepancy, Reconciliation, Transaction
from payments.settlement.health import State, settlement_health
from payments.settlement.provider.enums import TransferState
from payments.settlement.provider.protocol import ProviderTransfer
from platforms import services as platforms
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, seconds, started
from tests.support.servers.chain_node import NodeProvider

pytestmark = pytest.mark.django_db
LATER = NOW + seconds(600)
SINCE = NOW - seconds(3600)


@pytest.fixture
def paid(node):
    """100 USDC have come to the house, 10 of them were paid out, and all of it is on the chain."""
    provider = NodeProvider(node, NOW)
    payments.observe_deposits(now=NOW, provider=provider)
    platform = PlatformFactory(wallet_address=node.wallets[1], wallet_id="wallet 1")
    node.mint(platform.wallet_address, "100")
    node.mine(3)
    assert payments.observe_deposits(now=NOW, provider=provider) == 1
    # As the treasury does, so that the house can pay.
    node.send(platform.wallet_address, provider.house, "60")
    node.mine()
    task = started(WorkerFactory(), platform=platform, amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    payments.submit_payouts(now=NOW, provider=provider)
    node.mine(3)
    payments.poll_settlements(now=NOW + seconds(10), provider=provider)
    assert Transaction.objects.get(type="payout").status == "confirmed"
    return provider


def reconcile(provider, *, at=LATER):
    return payments.reconcile_settlements(since=SINCE, now=at, provider=provider)


def discrepancies():
    rows = Discrepancy.objects.filter(resolved_at=None).order_by("created_at")
    return [(row.bucket, (row.chain or {}).get("state")) for row in rows]


def pretend(provider, tx_hash):
    """Write another chain transaction on record, on both sides."""
    (sent,) = provider.sent.values()
    sent.tx_hash = tx_hash
    Transaction.unguarded.filter(type="payout").update(tx_hash=tx_hash)


def test_three_books_that_agree(paid, node):
    assert reconcile(paid) == 0

    figures = Reconciliation.objects.get().treasury
    assert (figures["held"], figures["owed"], Decimal(figures["short"])) == ("90.000000", "90.000000", 0)
    assert paid.balance() + node.holds(node.wallets[1]) == Decimal(90)
    assert violated() == {}


class Deaf(NodeProvider):
    """A provider that reports its transfers as complete, against the chain."""

    def __init__(self, real):
        super().__init__(real.node, real.now, sent=real.sent)

    def get(self, transfer_id):
        sent = self.sent[transfer_id]
        return ProviderTransfer(
            id=transfer_id,
            state=TransferState.COMPLETE,
            to_wallet=sent.to_wallet,
            amount=sent.amount,
            key=sent.key,
            tx_hash=sent.tx_hash,
            created_at=sent.at,
        )


def test_a_receipt_that_is_not_there(paid):
    (sent,) = paid.sent.values()
    real = sent.tx_hash
    pretend(paid, "0x" + "ab" * 32)

    assert reconcile(Deaf(paid)) == 1
    assert discrepancies() == [("missing_there", "missing")]

    pretend(paid, real)
    assert reconcile(paid, at=LATER + seconds(3600)) == 0
    assert discrepancies() == []


def test_a_transfer_that_the_chain_undid(paid, node):
    failed = node.send(node.wallets[5], node.wallets[6], "1")
    node.mine()
    pretend(paid, failed)

    assert reconcile(paid) == 1

    assert discrepancies() == [("state_differs", "failed")]


def test_another_amount_on_chain(paid, node):
    worker = Transaction.objects.get(type="payout").to_wallet
    less = node.send(paid.house, worker, "9.999999")
    node.mine()
    pretend(paid, less)

    # The second transfer has also left the house short.
    assert reconcile(paid) == 2

    row = Discrepancy.objects.get(bucket="amount_differs")
    assert row.chain == {
        "tx_hash": less,
        "state": "succeeded",
        "block": node.head,
        "amount": "9.999999",
        "to_wallet": worker,
    }
    assert row.ours["amount"] == "10.000000"


def test_a_difference_with_the_provider_is_told_with_what_the_chain_says(paid):
    Transaction.unguarded.filter(type="payout").update(amount="11")

    assert reconcile(paid) >= 1

    row = Discrepancy.objects.filter(theirs__isnull=False, bucket="amount_differs").get()
    assert (row.chain["state"], row.chain["amount"]) == ("succeeded", "10.000000")


def test_a_credited_deposit_that_the_chain_has_forgotten(paid, node):
    node.reorganise(node.head - 1)

    payments.reconcile_settlements(since=SINCE, now=LATER, provider=Deaf(paid))

    deposit = Transaction.objects.get(type="deposit")
    row = Discrepancy.objects.get(transaction=deposit)
    assert (row.bucket, row.chain) == ("missing_there", {"tx_hash": deposit.tx_hash, "state": "missing"})
    assert balance(deposit.platform, "available") > 0


def test_while_the_node_is_away_nothing_is_resolved_and_the_rest_goes_on(paid, node, settings):
    failed = node.send(node.wallets[5], node.wallets[6], "1")
    node.mine()
    pretend(paid, failed)
    assert reconcile(paid) == 1

    url, settings.CHAIN_RPC_URL = settings.CHAIN_RPC_URL, "http://127.0.0.1:9"
    assert reconcile(paid, at=LATER + seconds(60)) == 1
    assert Reconciliation.objects.order_by("pk").last().treasury is None
    assert CircuitBreaker.objects.get(pk="chain").failures_in_a_row == 1

    settings.CHAIN_RPC_URL = url
    assert reconcile(paid, at=LATER + seconds(120)) == 1


# --- The treasury -------------------------------------------------------------------------------------------
def test_money_that_left_without_us_is_a_difference_until_it_is_back(paid, node):
    node.send(paid.house, node.wallets[8], "5.25")
    node.mine()

    assert reconcile(paid) == 1

    row = Discrepancy.objects.get(bucket="treasury")
    assert (row.ours["short"], row.theirs["held"]) == ("5.250000", "84.750000")

    health = settlement_health(LATER)
    assert health.state == State.CRITICAL
    assert "treasury 5.25 USDC missing" in health.text()

    node.send(node.wallets[8], paid.house, "5.25")
    node.mine()
    assert reconcile(paid, at=LATER + seconds(60)) == 0


def test_the_houses_own_money_is_compared_when_it_is_told(paid, node, settings):
    node.mint(paid.house, "20")
    node.mine()
    assert reconcile(paid) == 0

    settings.TREASURY_OWN_USDC = "20"
    assert reconcile(paid, at=LATER + seconds(60)) == 0
    settings.TREASURY_OWN_USDC = "19.99"
    assert reconcile(paid, at=LATER + seconds(120)) == 1
    settings.TREASURY_OWN_USDC = "20.01"
    assert reconcile(paid, at=LATER + seconds(180)) == 1


def test_what_is_under_way_may_have_left_already(paid, node):
    """Between the transfer and our knowing of it nothing is missing."""
    task = started(WorkerFactory(), platform=Transaction.objects.get(type="deposit").platform, amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW + seconds(20))
    payments.create_due_payouts(now=NOW + seconds(20))
    payments.submit_payouts(now=NOW + seconds(20), provider=paid)
    node.mine()

    assert payments.reconcile_settlements(since=SINCE, now=NOW + seconds(30), provider=paid) == 0


def test_what_has_come_and_is_not_credited_yet_is_not_the_houses(paid, node, settings):
    settings.TREASURY_OWN_USDC = "0"
    node.mint(node.wallets[1], "33")
    node.mine()
    payments.observe_deposits(now=LATER, provider=paid)

    assert reconcile(paid) == 0
    assert Reconciliation.objects.get().treasury["uncredited"] == "33.000000"
