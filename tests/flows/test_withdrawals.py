"""Withdrawals of a platform: requested by a key, announced, a day later, and every cent at most once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct

from audit.approvals import services as approvals
from gigstream.core.errors import IllegalMove
from payments import services as payments
from payments.ledger.errors import InsufficientFunds, MoneyLeft
from payments.models import LedgerEntry, Transaction
from payments.services import request_withdrawal_release
from payments.settlement.provider.enums import FeeLevel
from payments.settlement.restore.services import rediscover_payouts
from payments.settlement.transfers.services.transfers import key_for
from payments.statements.selectors.explanations import explain_transaction
from payments.withdrawals.errors import WithdrawalUnderWay
from payments.withdrawals.services import key_of_withdrawal
from platforms import services as platforms
from platforms.models import Platform, PlatformEvent
from platforms.platforms.errors import PlatformSuspended
from platforms.withdrawal_addresses.errors import NoWithdrawalAddress, WithdrawalAddressRefused
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    house_balance,
    sandbox,
    seconds,
)
from tests.support.pages.admin import member
from workers import services as workers
from workers.sign_in.tokens import SignedMessage
from workers.wallets.errors import InvalidSignInMessage, WalletNotProved
from workers.wallets.messages import compose_message, payout_statement, verify_message, withdrawal_statement

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_balance_after_each")]

DAY = timedelta(hours=24)
LEAVES = NOW + DAY


def named(platform, *, wallet=None, now=NOW):
    """Return the platform's address after it was proved by this wallet."""
    wallet = wallet or Wallet.create()
    nonce = workers.make_nonce(now=now).nonce
    signed = SignedMessage(wallet.address.lower(), nonce)
    return platforms.set_withdrawal_address(platform_id=platform.pk, signed=signed, now=now)


@pytest.fixture
def platform():
    platform = PlatformFactory(funds="100", contact_email="owner@example.com")
    named(platform)
    return platform


def withdraw(platform, amount="40", *, now=NOW):
    return payments.request_withdrawal(platform_id=platform.pk, amount=amount, now=now)


def settle_at(at):
    payments.submit_payouts(now=at, provider=sandbox(at))
    later = at + seconds(60)
    payments.poll_settlements(now=later, provider=sandbox(later))


def events(platform):
    found = PlatformEvent.objects.filter(platform=platform, type__startswith="withdrawal.").order_by(
        "sequence"
    )
    return list(found.values_list("type", flat=True))


def money(platform):
    return (balance(platform, "available"), balance(platform, "in_transit"))


def test_a_withdrawal_waits_a_day_and_leaves_for_the_platforms_address(platform):
    made = withdraw(platform)
    assert (made.status, made.not_before, money(platform)) == ("pending", LEAVES, (60, 40))

    assert payments.submit_payouts(now=LEAVES - seconds(1), provider=sandbox(NOW)) == 0
    settle_at(LEAVES)

    made.refresh_from_db()
    assert (made.status, money(platform), house_balance("outside")) == ("confirmed", (60, 0), -60)
    assert made.to_wallet == platforms.withdrawal_addresses(platform_id=platform.pk, now=NOW).current.address
    assert [entry.kind for entry in LedgerEntry.objects.filter(transaction=made).order_by("id")] == [
        "withdrawal_hold",
        "withdrawal_settled",
    ]
    assert events(platform) == ["withdrawal.requested", "withdrawal.sent", "withdrawal.confirmed"]
    assert not PlatformEvent.objects.filter(platform=platform, type="transaction.submitted").exists()
    why = explain_transaction(made, for_platform=platform.pk)
    assert why.sentence == f"40.00 USDC was sent to {made.to_wallet} in {made.tx_hash}."


def test_a_platform_can_leave_with_its_last_micro_usdc(platform):
    withdraw(platform, "99.999999")
    settle_at(LEAVES)
    withdraw(platform, "0.000001", now=LEAVES)
    with pytest.raises(MoneyLeft):
        platforms.delete_platform(platform_id=platform.pk)
    settle_at(LEAVES + DAY)

    platforms.delete_platform(platform_id=platform.pk)

    assert Platform.objects.get(pk=platform.pk).deleted_at is not None
    assert money(platform) == (0, 0)
    assert not platform.withdrawal_addresses.exists()


def test_the_contact_is_told_by_email_with_how_to_stop_it(platform):
    made = withdraw(platform)

    assert payments.send_withdrawal_notices(now=NOW) == 1

    letter = mail.outbox[-1]
    assert letter.to == ["owner@example.com"]
    stop = f"/api/v1/withdrawals/{made.pk}/stop"
    for words in ("40.00 USDC", made.to_wallet, stop, "2026-03-03 12:00 UTC"):
        assert words in letter.body


def test_a_stopped_withdrawal_gives_the_money_back_once(platform):
    made = withdraw(platform)

    payments.stop_withdrawal(transaction_id=made.pk, reason="not ours", now=NOW)
    with pytest.raises(IllegalMove):
        payments.stop_withdrawal(transaction_id=made.pk, now=NOW)

    assert money(platform) == (100, 0)
    assert payments.submit_payouts(now=LEAVES, provider=sandbox(LEAVES)) == 0
    assert events(platform) == ["withdrawal.requested", "withdrawal.stopped"]
    assert withdraw(platform).idempotency_key == f"withdrawal:{platform.pk}:2"


def test_what_the_provider_may_have_taken_is_not_stopped(platform):
    made = withdraw(platform)
    payments.submit_payouts(now=LEAVES, provider=sandbox(LEAVES))
    with pytest.raises(IllegalMove):
        payments.stop_withdrawal(transaction_id=made.pk, now=LEAVES)
    later = LEAVES + seconds(60)
    payments.poll_settlements(now=later, provider=sandbox(later))
    assert money(platform) == (60, 0)


def test_a_withdrawal_that_fails_on_chain_is_available_again(platform, settings):
    made = withdraw(platform)
    settings.SANDBOX_BLOCKLIST = [made.to_wallet]

    settle_at(LEAVES)

    made.refresh_from_db()
    assert (made.status, money(platform)) == ("failed", (100, 0))
    assert events(platform)[-1] == "withdrawal.failed"


@pytest.mark.parametrize("amount", ["100.000001", "1000"])
def test_more_than_is_available_is_refused(platform, amount):
    with pytest.raises(InsufficientFunds):
        withdraw(platform, amount)
    assert (money(platform), events(platform)) == ((100, 0), [])


def test_the_same_again_under_another_key_is_refused_while_one_is_under_way(platform):
    withdraw(platform)

    for at in (NOW, LEAVES):
        with pytest.raises(WithdrawalUnderWay):
            withdraw(platform, now=at)
    assert money(platform) == (60, 40)


def test_without_an_address_nothing_leaves():
    platform = PlatformFactory(funds="100")
    with pytest.raises(NoWithdrawalAddress):
        withdraw(platform)
    assert money(platform) == (100, 0)


def test_an_address_of_a_worker_or_for_deposits_is_refused():
    platform, wallets = PlatformFactory(funds="100"), [Wallet.create() for _ in range(2)]
    WorkerFactory(wallet_address=wallets[0].address)
    PlatformFactory(wallet_address=wallets[1].address)

    for wallet in wallets:
        with pytest.raises(WithdrawalAddressRefused):
            named(platform, wallet=wallet)
    assert not platform.withdrawal_addresses.exists()


def test_an_address_that_has_become_a_workers_since_takes_no_withdrawal(platform):
    address = platforms.withdrawal_addresses(platform_id=platform.pk, now=NOW).current.address
    WorkerFactory(wallet_address=address)

    with pytest.raises(WithdrawalAddressRefused):
        withdraw(platform)
    assert money(platform) == (100, 0)


def test_an_address_is_proved_by_a_signature_for_this_platform_once():
    platform, wallet = PlatformFactory(), Wallet.create()
    nonce = workers.make_nonce(now=NOW).nonce

    def signed(statement):
        text = compose_message(
            wallet.address.lower(), nonce=nonce, now=NOW, expires_at=NOW + seconds(60), statement=statement
        )
        signature = "0x" + wallet.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")
        return text, signature

    for other in (payout_statement(platform.pk), withdrawal_statement(PlatformFactory().pk)):
        with pytest.raises(InvalidSignInMessage):
            verify_message(*signed(other), now=NOW, statement=withdrawal_statement(platform.pk))
    forged = signed(withdrawal_statement(platform.pk))[0], "0x" + "00" * 65
    with pytest.raises(WalletNotProved, match="not that of the address"):
        verify_message(*forged, now=NOW, statement=withdrawal_statement(platform.pk))
    with pytest.raises(InvalidSignInMessage, match="another purpose"):
        verify_message(*signed(withdrawal_statement(platform.pk)), now=NOW)
    right = verify_message(
        *signed(withdrawal_statement(platform.pk)), now=NOW, statement=withdrawal_statement(platform.pk)
    )
    platforms.set_withdrawal_address(platform_id=platform.pk, signed=right, now=NOW)
    with pytest.raises(WalletNotProved):
        platforms.set_withdrawal_address(platform_id=platform.pk, signed=right, now=NOW)


def test_another_address_holds_after_48_hours_and_the_old_one_until_then(platform):
    first = platforms.withdrawal_addresses(platform_id=platform.pk, now=NOW).current.address
    dropped, second = Wallet.create(), Wallet.create()
    named(platform, wallet=dropped)
    later = NOW + seconds(60)
    found = named(platform, wallet=second, now=later)

    assert (found.current.address, found.next.address) == (first, second.address.lower())
    assert found.next.holds_from == later + timedelta(hours=48)
    assert withdraw(platform, "1", now=later).to_wallet == first
    held = platforms.withdrawal_addresses(platform_id=platform.pk, now=later + timedelta(hours=48))
    assert (held.current.address, held.next) == (second.address.lower(), None)


def test_a_suspended_platform_withdraws_nothing_and_what_waits_goes_on_waiting(platform):
    made = withdraw(platform)
    platforms.suspend_platform(platform_id=platform.pk, reason="checks")

    assert payments.submit_payouts(now=LEAVES, provider=sandbox(LEAVES)) == 0
    payments.stop_withdrawal(transaction_id=made.pk, now=LEAVES)
    with pytest.raises(PlatformSuspended):
        withdraw(platform, now=LEAVES)

    assert money(platform) == (100, 0)


def test_a_stopped_platforms_withdrawals_wait(platform):
    withdraw(platform)
    payments.stop_payments(scope="platform", subject=str(platform.pk), reason="a look", by="staff:1", now=NOW)

    assert payments.submit_payouts(now=LEAVES, provider=sandbox(LEAVES)) == 0
    payments.let_payments_go_on(scope="platform", subject=str(platform.pk), by="staff:2", now=LEAVES)
    assert payments.submit_payouts(now=LEAVES, provider=sandbox(LEAVES)) == 1


def test_staff_let_one_go_at_once_by_two(platform):
    ann, bob = member("ann"), member("bob")
    made = withdraw(platform)

    asked = ann.does(request_withdrawal_release, transaction_id=made.pk, reason="urgent", now=NOW)
    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 0
    assert bob.does(approvals.approve, approval_id=asked.pk, now=NOW).error == ""

    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 1


def test_after_a_restore_a_withdrawal_that_the_provider_has_is_on_the_books_again(platform):
    """The database comes back as it was before the request; the provider has the transfer under its key."""
    address = platforms.withdrawal_addresses(platform_id=platform.pk, now=NOW).current.address
    sent = sandbox(LEAVES).transfer(
        key=key_for(key_of_withdrawal(platform.pk, 1)),
        to_wallet=address,
        amount=Decimal(40),
        fee=FeeLevel.MEDIUM,
    )

    since, later = LEAVES - seconds(600), LEAVES + seconds(60)
    found = rediscover_payouts(since=since, now=later, provider=sandbox(later))

    again = Transaction.objects.get(type="withdrawal")
    assert (found.adopted, list(found.unplaced)) == (1, [])
    assert (again.status, again.amount, again.circle_tx_id) == ("submitted", 40, sent.id)
    assert money(platform) == (60, 40)
