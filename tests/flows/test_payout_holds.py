"""Money that is kept: it leaves by no way until the hold has ended."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from audit.approvals.errors import SamePerson
from audit.log.context import acting_as
from audit.log.errors import ReasonMissing
from audit.models import AuditLog
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.services import accounts
from payments.models import Account, LedgerEntry, PayoutHold, Transaction
from payments.settlement.payouts.errors import (
    HeldAlready,
    HoldEnded,
    HoldExceedsAvailable,
    InvalidExpiry,
    MoneyHeld,
)
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.payouts.services import holds
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    fund,
    seconds,
    settle,
    started,
)
from tests.support.long_forms import count
from workers import services as workers

pytestmark = pytest.mark.django_db

WHY = "the address is looked at"


@pytest.fixture
def worker():
    """A worker who has earned 10, then 4 USDC."""
    worker = WorkerFactory()
    for amount in ("10", "4"):
        earn(worker, amount)
    return worker


def earn(worker, amount, *, now=NOW):
    platforms.complete_task(task_id=started(worker, amount=amount, now=now).pk, now=now)


def made(now):
    """Return the amounts of the payouts that are made now."""
    before = set(Transaction.objects.filter(type="payout").values_list("pk", flat=True))
    payments.create_due_payouts(now=now)
    new = Transaction.objects.filter(type="payout").exclude(pk__in=before)
    return list(new.values_list("amount", flat=True))


def hold(worker, amount=None, *, by="1", now=NOW, **more):
    with acting_as("staff", by):
        return payments.hold_payouts(worker_id=worker.pk, amount=amount, reason=WHY, now=now, **more)


def end(held, *, by="2", now=NOW):
    with acting_as("staff", by):
        return payments.end_hold(hold_id=held.pk, reason="all is well", now=now)


def test_while_everything_is_held_nothing_leaves_by_itself_or_by_hand(worker):
    held = hold(worker)
    earn(worker, "7", now=NOW + seconds(1))

    assert made(NOW + timedelta(days=1)) == []
    with pytest.raises(MoneyHeld) as refusal:
        payments.cash_out(worker_id=worker.pk, now=NOW)
    assert refusal.value.numbers == {"available": "21.000000", "held": "21.000000", "requested": "21.000000"}
    assert balance(worker, "available") == 21

    end(held, now=NOW + seconds(2))
    assert made(NOW + seconds(2)) == [21]


def test_a_hold_of_an_amount_keeps_the_newest_parts_and_the_rest_leaves(worker):
    held = hold(worker, "5")

    first, second = LedgerEntry.objects.filter(kind="earning").order_by("id")
    assert list(held.parts.order_by("entry").values_list("entry", "amount")) == [
        (first.pk, 1),
        (second.pk, 4),
    ]
    assert made(NOW) == [9]
    (payout,) = Transaction.objects.filter(type="payout")
    assert [(part.entry, part.amount) for part in payout_parts(payout.pk)] == [(first, 9)]

    end(held)
    assert made(NOW) == [5]
    last = Transaction.objects.filter(type="payout").latest("created_at", "id")
    assert [(part.entry, part.amount) for part in payout_parts(last.pk)] == [(first, 1), (second, 4)]


def test_pay_that_comes_after_the_hold_passes_by_what_is_held(worker):
    hold(worker, "14")
    earn(worker, "3", now=NOW + seconds(1))
    assert made(NOW + seconds(1)) == [3]
    assert balance(worker, "available") == 14
    assert made(NOW + timedelta(days=9)) == []


def test_a_cash_out_takes_what_is_not_held_and_not_a_cent_more(worker):
    hold(worker, "5")
    with pytest.raises(MoneyHeld) as refusal:
        payments.cash_out(worker_id=worker.pk, amount="9.000001", now=NOW)
    assert refusal.value.numbers == {"available": "14.000000", "held": "5.000000", "requested": "9.000001"}
    with pytest.raises(InsufficientFunds):
        payments.cash_out(worker_id=worker.pk, amount="15", now=NOW)
    assert balance(worker, "available") == 14
    assert payments.cash_out(worker_id=worker.pk, now=NOW).amount == 9


def test_a_hold_above_what_is_available_besides_other_holds_is_refused(worker):
    hold(worker, "10")
    with pytest.raises(HoldExceedsAvailable) as refusal:
        hold(worker, "4.000001")
    assert refusal.value.numbers == {"available": "14.000000", "held": "10.000000", "requested": "4.000001"}
    assert PayoutHold.objects.count() == 1
    hold(worker, "4")


def test_everything_is_held_once(worker):
    hold(worker)
    with pytest.raises(HeldAlready):
        hold(worker, by="2")
    assert PayoutHold.objects.count() == 1


def test_a_hold_needs_a_reason_and_an_end_that_lies_ahead(worker):
    with acting_as("staff", "1"):
        with pytest.raises(ReasonMissing):
            payments.hold_payouts(worker_id=worker.pk, reason=" ", now=NOW)
        with pytest.raises(InvalidExpiry):
            payments.hold_payouts(worker_id=worker.pk, reason=WHY, expires_at=NOW, now=NOW)
    assert not PayoutHold.objects.exists()


def test_a_hold_ends_by_itself_when_its_time_is_over(worker):
    held = hold(worker, expires_at=NOW + seconds(100))
    assert made(NOW + seconds(99)) == []
    assert made(NOW + seconds(100)) == [14]
    held.refresh_from_db()
    assert (held.ended_at, held.ended_by, held.ended_because) == (NOW + seconds(100), "system", "expired")
    assert AuditLog.objects.filter(action="payout_hold.end", resource_id=str(held.pk)).count() == 1


def test_only_another_person_ends_a_hold_before_its_time_and_only_once(worker):
    held = hold(worker, by="1")
    with pytest.raises(SamePerson):
        end(held, by="1")
    assert made(NOW) == []
    end(held, by="2")
    with pytest.raises(HoldEnded):
        end(held, by="3")


def test_a_cancelled_payout_keeps_its_money_for_seven_days_and_the_rest_leaves(worker):
    (amount,) = made(NOW)
    payout = Transaction.objects.get(type="payout")
    with acting_as("staff", "1"):
        payments.cancel_payout(transaction_id=payout.pk, reason="fraud check", now=NOW)

    held = PayoutHold.objects.get()
    assert (held.amount, held.payout, held.reason) == (amount, payout, "fraud check")
    assert held.expires_at == NOW + timedelta(days=7)
    earn(worker, "2", now=NOW + seconds(2))
    assert made(NOW + seconds(2)) == [2]
    assert made(NOW + timedelta(days=7) - seconds(1)) == []
    assert made(NOW + timedelta(days=7)) == [14]


def test_a_cancelled_payout_that_is_to_be_paid_again_is_made_again_at_once(worker):
    made(NOW)
    payout = Transaction.objects.get(type="payout")
    payments.cancel_payout(transaction_id=payout.pk, pay_again=True, now=NOW)
    assert not PayoutHold.objects.exists()
    assert made(NOW) == [14]


def test_adjustments_and_early_repayments_take_only_what_is_not_held(worker):
    hold(worker, "10")
    loan = loans.request_loan(worker_id=worker.pk, amount="50", fee_bps=0, now=NOW)
    with acting_as("staff", "1"):
        loans.approve_loan(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    settle(NOW + seconds(60))

    with pytest.raises(MoneyHeld):
        repayment_services.repay_early(loan_id=loan.pk, amount="4.000001", now=NOW + seconds(60))
    account = accounts.of_worker(worker.pk, AccountName.AVAILABLE)
    signed = {"reason": "wrong", "requested_by": "ann", "approved_by": "bob", "now": NOW + seconds(61)}
    to = {"debit_account": account, "credit_account": accounts.of_house(AccountName.LOSSES)}
    with pytest.raises(MoneyHeld):
        payments.adjust(amount="4.000001", key="1", **to, **signed)
    assert balance(worker, "available") == 14

    repayment_services.repay_early(loan_id=loan.pk, amount="3", now=NOW + seconds(60))
    payments.adjust(amount="1", key="2", **to, **signed)
    payments.adjust(amount="1", key="2", **to, **signed)
    assert balance(worker, "available") == 10
    assert made(NOW + timedelta(days=1)) == []


def test_a_platforms_hold_keeps_its_withdrawals_not_its_pay(worker):
    platform = PlatformFactory()
    fund(platform, "100")
    available = balance(platform, "available")
    with acting_as("staff", "1"):
        held = payments.hold_withdrawals(platform_id=platform.pk, amount=available, reason=WHY, now=NOW)
        with pytest.raises(HoldExceedsAvailable):
            payments.hold_withdrawals(platform_id=platform.pk, amount="0.000001", reason=WHY, now=NOW)
    account = Account.objects.get(platform=platform, name="available")
    with pytest.raises(MoneyHeld):
        holds.require_unheld(account, Decimal("0.000001"))
    assert not held.parts.exists()

    platforms.complete_task(task_id=started(worker, platform=platform, amount="10").pk, now=NOW)
    assert balance(platform, "available") < available

    with acting_as("staff", "2"):
        payments.end_hold(hold_id=held.pk, reason="all is well", now=NOW)
    account.refresh_from_db()
    holds.require_unheld(account, account.balance)


# --- Payouts that fail --------------------------------------------------------------------------------------


class Fails(SandboxProvider):
    """Every transfer fails on chain, for a reason that has nothing to do with the address."""

    def get(self, transfer_id):
        taken = super().get(transfer_id)
        return replace(
            taken,
            state=TransferState.FAILED,
            error_class=TransferErrorClass.EXECUTION,
            failure="execution reverted",
        )


def an_hour(provider, start):
    """Run an hour of beat's jobs from `start`, and return how many payouts that made."""
    # Beat ticks every ten seconds.
    ticks = count(short=10, long=360)
    made = 0
    for tick in range(ticks):
        now = start + seconds(3600 // ticks * tick)
        made += payments.create_due_payouts(now=now)
        payments.submit_payouts(now=now, provider=provider(lambda now=now: now))
        payments.poll_settlements(now=now, provider=provider(lambda now=now: now))
    return made


@pytest.mark.shortened
def test_a_payout_that_can_only_fail_is_made_twice_in_an_hour_not_180_times(worker):
    assert an_hour(Fails, NOW) == 2
    assert balance(worker, "available") == 14


@pytest.mark.shortened
def test_an_address_that_is_refused_is_tried_once_until_another_is_named(worker, settings):
    settings.SANDBOX_BLOCKLIST = [worker.wallet_address]
    assert an_hour(SandboxProvider, NOW) == 1
    (held,) = PayoutHold.objects.all()
    assert (held.kind, held.amount, held.expires_at) == ("failed", None, None)
    assert held.payout == Transaction.objects.get(type="payout")

    workers.set_wallet(worker_id=worker.pk, wallet_address="0x" + "ab" * 20)

    later = NOW + timedelta(hours=2)
    assert made(later) == [14]
    held.refresh_from_db()
    assert (held.ended_by, held.ended_because, held.ended_at) == ("system", "address_changed", later)
    settle(later)
    settle(later + seconds(60))
    assert balance(worker, "in_transit") == 0


def test_after_each_failure_in_a_row_the_next_payout_waits_longer(worker):
    now, waits = NOW, []
    for _ in range(5):
        assert made(now) == [14]
        payments.submit_payouts(now=now, provider=Fails(lambda at=now: at))
        later = now + seconds(2)
        payments.poll_settlements(now=later, provider=Fails(lambda at=later: at))
        held = PayoutHold.objects.open().get()
        waits.append(held.expires_at - later)
        assert made(held.expires_at - seconds(1)) == []
        now = held.expires_at
    assert waits == [timedelta(minutes=15), *(timedelta(hours=hours) for hours in (1, 6, 24, 24))]

    # A payout that arrives ends the row.
    assert made(now) == [14]
    settle(now)
    settle(now + seconds(60))
    earn(worker, "3", now=now + seconds(61))
    later = now + seconds(61)
    assert made(later) == [3]
    payments.submit_payouts(now=later, provider=Fails(lambda: later))
    payments.poll_settlements(now=later + seconds(2), provider=Fails(lambda: later + seconds(2)))
    assert PayoutHold.objects.open().get().expires_at == later + seconds(2) + timedelta(minutes=15)


def test_staff_end_the_hold_of_a_failed_payout_alone(worker, settings):
    settings.SANDBOX_BLOCKLIST = [worker.wallet_address]
    an_hour(SandboxProvider, NOW)
    settings.SANDBOX_BLOCKLIST = []
    end(PayoutHold.objects.open().get(), by="1", now=NOW + timedelta(hours=1))
    assert made(NOW + timedelta(hours=1)) == [14]


def test_of_whom_everything_is_held_what_waits_to_be_handed_over_waits_on(worker):
    made(NOW)
    held = hold(worker)
    assert payments.submit_payouts(now=NOW, provider=SandboxProvider(lambda: NOW)) == 0
    end(held)
    assert payments.submit_payouts(now=NOW, provider=SandboxProvider(lambda: NOW)) == 1
