"""USDC that arrives on chain is credited once, when deep enough, to the platform whose wallet it is in."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.approvals import services as approvals
from audit.models import Approval
from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import ChainCursor, LedgerEntry, ObservedTransfer, Transaction
from payments.settlement.provider import configured_provider
from payments.settlement.transfers.errors import NotForStaff
from platforms import services as platforms
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, seconds, started
from tests.support.pages.admin import member
from tests.support.servers.chain_node import NodeProvider

pytestmark = pytest.mark.django_db


@pytest.fixture
def looking(node):
    """A first look at the chain: transfers from now on are seen."""
    assert payments.observe_deposits(now=NOW) == 0
    return node


def look(node, blocks=1):
    node.mine(blocks)
    return payments.observe_deposits(now=NOW)


def custodied(node, number=1, **kwargs):
    """Return a platform with a wallet that the provider keeps."""
    return PlatformFactory(wallet_address=node.wallets[number], wallet_id=f"wallet {number}", **kwargs)


def seen():
    rows = ObservedTransfer.objects.order_by("pk")
    return [(row.status, row.amount, row.note) for row in rows]


def deposits():
    return list(Transaction.objects.filter(type="deposit").order_by("created_at", "pk"))


def test_a_deposit_is_seen_at_once_and_credited_under_three_blocks(looking):
    platform = custodied(looking)
    tx_hash = looking.mint(platform.wallet_address, "250.5")

    assert look(looking) == 0
    assert seen() == [("seen", Decimal("250.5"), "")]
    assert look(looking) == 0
    assert deposits() == []
    assert look(looking) == 1

    (deposit,) = deposits()
    assert (deposit.status, deposit.amount, deposit.tx_hash) == ("confirmed", Decimal("250.5"), tx_hash)
    assert (deposit.block_number, deposit.platform_id) == (looking.head - 2, platform.pk)
    assert balance(platform, "available") == Decimal("250.5")
    assert [status for status, _, _ in seen()] == ["credited"]
    assert look(looking, 10) == 0
    assert violated() == {}


@pytest.mark.parametrize("amount", ["0.000001", "0.1", "12345678.987654"])
def test_amounts_are_exact(looking, amount):
    platform = custodied(looking)
    looking.mint(platform.wallet_address, amount)

    assert look(looking, 3) == 1
    assert balance(platform, "available") == Decimal(amount)


def test_nothing_is_seen_of_nothing_and_of_others(looking):
    platform = custodied(looking)
    looking.mint(platform.wallet_address, "0")
    looking.mint(looking.wallets[5], "10")

    assert look(looking, 5) == 0
    assert seen() == []


def test_more_than_a_column_holds_is_told_and_passed_by(looking, caplog):
    platform = custodied(looking)
    looking.mint(platform.wallet_address, "100000000000000")
    looking.mint(platform.wallet_address, "1")

    assert look(looking, 3) == 1
    assert balance(platform, "available") == Decimal(1)
    assert "more than an amount can be" in caplog.text


def test_several_transfers_to_a_platform_in_one_chain_transaction_are_one_deposit(looking):
    platform = custodied(looking)
    looking.mint(looking.wallets[5], "100")
    looking.send_many(looking.wallets[5], [(platform.wallet_address, "10"), (platform.wallet_address, "5.5")])

    assert look(looking, 3) == 1

    (deposit,) = deposits()
    assert (deposit.amount, deposit.from_wallet) == (Decimal("15.5"), looking.wallets[5])
    assert seen() == [("credited", Decimal(10), ""), ("credited", Decimal("5.5"), "")]
    assert violated() == {}


def test_of_two_platforms_in_one_chain_transaction_the_first_is_credited_and_staff_see_the_other(looking):
    first, second = custodied(looking, 1), custodied(looking, 2)
    looking.mint(looking.wallets[5], "100")
    parts = [(first.wallet_address, "10"), (second.wallet_address, "7"), (first.wallet_address, "1")]
    looking.send_many(looking.wallets[5], parts)

    assert look(looking, 3) == 1

    assert (balance(first, "available"), balance(second, "available")) == (Decimal(11), Decimal(0))
    row = ObservedTransfer.objects.get(status="unknown_platform")
    assert (row.platform_id, row.amount) == (second.pk, Decimal(7))
    assert "another platform" in row.note
    with pytest.raises(NotForStaff, match="on the books already"):
        payments.credit_observed(observed_id=row.pk, platform_id=second.pk, by="sam")
    assert violated() == {}


def test_an_address_of_the_platforms_own_is_no_place_to_deposit(looking):
    """Money that a platform sends to itself has not been paid in."""
    platform = PlatformFactory(wallet_address=looking.wallets[1])
    looking.mint(platform.wallet_address, "10")

    assert look(looking, 3) == 0
    assert (seen(), deposits()) == ([], [])


def test_money_sent_to_the_house_waits_for_staff_and_may_be_credited(looking):
    platform = custodied(looking)
    looking.mint(configured_provider().wallet().address, "40")

    assert look(looking, 3) == 0
    assert seen() == [("unknown_platform", Decimal(40), "the wallet belongs to no platform")]
    row = ObservedTransfer.objects.get()
    out = StringIO()
    call_command("deposits", "waiting", stdout=out)
    assert row.tx_hash in out.getvalue()

    asked_for = {"platform": platform.pk, "by": "sam", "reason": "their mail"}
    call_command("deposits", "credit", str(row.pk), stdout=out, **asked_for)
    (asked,) = Approval.objects.all()
    assert (asked.requested_by, asked.amount) == ("system:operator:sam", 40)
    assert str(asked.pk) in out.getvalue()
    assert balance(platform, "available") == 0
    member("ann").does(approvals.approve, approval_id=asked.pk)

    assert balance(platform, "available") == Decimal(40)
    assert seen() == [("credited", Decimal(40), "")]
    with pytest.raises(CommandError, match="is credited"):
        call_command("deposits", "credit", str(row.pk), platform=platform.pk, reason="again")
    assert violated() == {}


def test_a_suspended_platforms_deposit_waits_for_staff(looking):
    platform = custodied(looking)
    platforms.suspend_platform(platform_id=platform.pk, reason="late papers")
    looking.mint(platform.wallet_address, "10")

    assert look(looking, 3) == 0
    assert [(status, "suspended" in note) for status, _, note in seen()] == [("unknown_platform", True)]

    platforms.reinstate_platform(platform_id=platform.pk, reason="papers came")
    payments.credit_observed(
        observed_id=ObservedTransfer.objects.get().pk, platform_id=platform.pk, by="sam", now=NOW
    )
    assert balance(platform, "available") == Decimal(10)


def test_a_payout_into_a_platforms_wallet_is_no_deposit(looking):
    """A worker may be paid at any address; a transfer of the house is on the books already."""
    provider = NodeProvider(looking, NOW)
    looking.mint(provider.house, "100")
    look(looking)
    platform = custodied(looking)
    worker = WorkerFactory(wallet_address=looking.wallets[2])
    task = started(worker, platform=PlatformFactory(funds="100"), amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    # Their address is the platform's wallet on chain.
    Transaction.unguarded.filter(type="payout").update(to_wallet=platform.wallet_address)
    payments.submit_payouts(now=NOW, provider=provider)
    looking.mine(3)

    assert payments.observe_deposits(now=NOW, provider=provider) == 0

    assert balance(platform, "available") == Decimal(0)
    assert seen()[-1] == ("unknown_platform", Decimal(10), "it comes from a wallet of ours")
    payments.poll_settlements(now=NOW + seconds(10), provider=provider)
    assert Transaction.objects.get(type="payout").status == "confirmed"


# --- The chain changes its mind -----------------------------------------------------------------------------
def test_what_vanishes_before_it_was_credited_is_not_credited_until_it_is_mined_again(looking):
    platform = custodied(looking)
    raw = looking.signed(platform.wallet_address, "30")
    tx_hash = looking.send_signed(raw)
    look(looking, 2)
    assert [one[0] for one in seen()] == ["seen"]

    looking.reorganise(2)
    assert payments.observe_deposits(now=NOW) == 0
    assert [one[0] for one in seen()] == ["vanished"]
    assert look(looking, 10) == 0
    assert deposits() == []

    assert looking.send_signed(raw) == tx_hash
    assert look(looking) == 0
    assert [one[0] for one in seen()] == ["seen"]
    assert look(looking, 2) == 1
    assert balance(platform, "available") == Decimal(30)
    assert look(looking, 5) == 0
    assert violated() == {}


def test_what_moves_to_another_block_is_credited_under_its_new_one(looking):
    platform = custodied(looking)
    raw = looking.signed(platform.wallet_address, "30")
    looking.send_signed(raw)
    look(looking, 2)
    before = ObservedTransfer.objects.get()

    looking.reorganise(2)
    looking.send_signed(raw)
    assert look(looking) == 0

    after = ObservedTransfer.objects.get()
    assert (after.status, after.block_number) == ("seen", looking.head)
    assert after.block_hash != before.block_hash
    assert look(looking, 2) == 1


def test_a_fork_that_is_not_noticed_by_the_cursor_is_noticed_when_it_would_be_credited(looking):
    platform = custodied(looking)
    looking.mint(platform.wallet_address, "30")
    look(looking)
    ObservedTransfer.unguarded.update(block_hash="0x" + "ab" * 32)

    assert look(looking, 5) == 0

    assert [one[0] for one in seen()] == ["vanished"]
    assert deposits() == []


def test_what_was_credited_stays_credited(looking):
    """Nothing is taken back by itself: reconciliation reports it to staff."""
    platform = custodied(looking)
    looking.mint(platform.wallet_address, "30")
    assert look(looking, 3) == 1

    looking.reorganise(4)
    assert look(looking, 5) == 0

    assert balance(platform, "available") == Decimal(30)
    assert [one[0] for one in seen()] == ["credited"]


# --- How much, from where, and when the node is not well ----------------------------------------------------
def test_a_run_reads_so_many_blocks_and_the_next_goes_on(node, settings):
    settings.CHAIN_START_BLOCK, settings.CHAIN_BLOCKS_PER_READ = 1, 1
    platform = custodied(node)
    node.mine(25)
    node.mint(platform.wallet_address, "10")
    node.mine(5)

    assert payments.observe_deposits(now=NOW) == 0
    assert ChainCursor.objects.get().block_number == 20
    assert payments.observe_deposits(now=NOW) == 1
    assert balance(platform, "available") == Decimal(10)


def test_blocks_are_read_again_by_hand_and_nothing_is_credited_twice(looking):
    early, late = custodied(looking, 1), PlatformFactory()
    looking.mint(early.wallet_address, "10")
    looking.mint(looking.wallets[2], "20")
    assert look(looking, 3) == 1
    # The wallet's platform was not known while these blocks were read.
    platforms.give_wallet(platform_id=late.pk, wallet_address=looking.wallets[2], wallet_id="wallet 2")

    call_command("deposits", "read-again", "1")
    assert payments.observe_deposits(now=NOW) == 1

    assert (balance(early, "available"), balance(late, "available")) == (Decimal(10), Decimal(20))
    with pytest.raises(CommandError, match="has no block"):
        call_command("deposits", "read-again", "100000")


def test_without_a_node_nothing_is_looked_for(settings):
    assert payments.observe_deposits(now=NOW) == 0
    assert not ChainCursor.objects.exists()
    with pytest.raises(CommandError, match="no node is set"):
        call_command("deposits", "read-again", "1")


def test_a_node_that_is_away_opens_its_breaker_and_loses_nothing(looking, settings):
    platform = custodied(looking)
    url = settings.CHAIN_RPC_URL
    settings.CHAIN_RPC_URL = "http://127.0.0.1:9"
    for _ in range(5):
        assert payments.observe_deposits(now=NOW) == 0
    assert CircuitBreaker.objects.get(pk="chain").state == "open"

    settings.CHAIN_RPC_URL = url
    looking.mint(platform.wallet_address, "10")
    assert look(looking, 3) == 0
    later = NOW + seconds(31)
    assert payments.observe_deposits(now=later) == 1
    assert CircuitBreaker.objects.get(pk="chain").state == "closed"


def test_a_node_of_another_chain_is_not_listened_to(looking, settings):
    platform = custodied(looking)
    looking.mint(platform.wallet_address, "10")
    settings.CHAIN_ID += 1

    assert look(looking, 3) == 0
    assert seen() == []


def test_a_hash_that_was_credited_before_is_not_credited_again(looking):
    """By hand, or before the chain was read from here on."""
    platform = custodied(looking)
    tx_hash = looking.mint(platform.wallet_address, "10")
    payments.book_deposit(platform_id=platform.pk, amount="10", tx_hash=tx_hash, now=NOW)

    assert look(looking, 3) == 1

    assert (len(deposits()), balance(platform, "available")) == (1, Decimal(10))
    assert LedgerEntry.objects.filter(kind="deposit").count() == 1
