"""Payouts through the simulator of Circle over a real socket: after every fault, at every step, each is
settled exactly once there and here, or voided exactly once."""

from datetime import UTC, datetime

import pytest

from gigstream.remote_calls.enums import BreakerState, ErrorClass
from gigstream.remote_calls.models import CircuitBreaker
from payments import services as payments
from payments.models import Discrepancy, LedgerEntry, SettlementAttempt, Transaction
from payments.settlement.payouts.errors import PayoutUnderWay
from payments.settlement.switches.enums import SwitchScope
from platforms import services as platforms
from tests.support.circle_agreement import Time, require_agreement
from tests.support.factories import PlatformFactory, WorkerFactory, balance, started
from tests.support.long_forms import crossed, share, spread
from tests.support.servers.circle import START

pytestmark = pytest.mark.django_db

NOW = datetime.fromtimestamp(START, UTC)
SILENT = ["timeout_before", "timeout_after", "reset_before", "reset_after", "error_before", "error_after"]
FAULTS = [*SILENT, "busy", "garbage", "redirect", "huge"]
SETTLES = ["", "stuck", "screened", "skips_confirmed", "mined_anyway"]
VOIDS = ["denied", "failed", "reverted", "no_gas"]


@pytest.fixture(autouse=True)
def by_circle(circle_pays):
    """Every payout here is Circle's."""


@pytest.fixture
def simulator(simulator, settings):
    """A simulator with short waits. The house's wallet holds the deposits below, and nothing besides."""
    settings.CIRCLE_READ_SECONDS = 1
    simulator.control("fund", walletId=settings.CIRCLE_HOUSE_WALLET_ID, amount="99000")
    settings.TREASURY_OWN_USDC = "0"
    return simulator


def paid(amount="10", count=1):
    """Workers with a pending payout each."""
    platform = PlatformFactory(funds="100000", now=NOW)
    workers = [WorkerFactory(now=NOW) for _ in range(count)]
    for worker in workers:
        task = started(worker, amount=amount, platform=platform, now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW)
    assert payments.create_due_payouts(now=NOW) == count
    return workers


def goes_wrong(simulator, fault, fate):
    """Let the first offer meet the fault; the transfer that is made in the end has the fate."""
    if fate:
        was_not_taken = fault.endswith("_before") or fault == "busy"
        simulator.wrong("transfer", fate=fate, times=2 if was_not_taken else 1)
    if fault:
        simulator.wrong("transfer", fault=fault)


@pytest.mark.shortened
@pytest.mark.parametrize(("fault", "fate"), share(crossed(["", *FAULTS], SETTLES), of="settled", one_in=6))
def test_a_transfer_is_settled_once_whatever_its_offer_meets(simulator, fault, fate):
    [worker] = paid()
    goes_wrong(simulator, fault, fate)
    time = Time(simulator, at=NOW)

    time.tick(0)
    time.until_all_ended()

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.amount) == ("confirmed", 10)
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 0)
    assert LedgerEntry.objects.filter(kind="payout_settled").count() == 1
    require_agreement(simulator, since=NOW, now=time.now)


@pytest.mark.shortened
@pytest.mark.parametrize(
    ("fault", "fate"),
    share(crossed(["", "timeout_after", "error_before", "busy"], VOIDS), of="voided", one_in=2),
)
def test_a_transfer_that_failed_for_good_is_given_back_once(simulator, fault, fate):
    [worker] = paid()
    goes_wrong(simulator, fault, fate)
    time = Time(simulator, at=NOW)

    time.tick(0)
    time.until_all_ended()

    payout = Transaction.objects.get(type="payout")
    assert payout.status == "failed"
    assert payout.error_message
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
    assert LedgerEntry.objects.filter(kind="payout_void").count() == 1
    require_agreement(simulator, since=NOW, now=time.now)


@pytest.mark.parametrize("fault", spread(FAULTS, of="looks", one_in=4))
def test_a_look_that_meets_a_fault_changes_nothing(simulator, fault):
    paid()
    time = Time(simulator, at=NOW)
    time.tick(0)
    simulator.wrong("transaction", fault=fault, times=2)

    time.tick(2)
    assert Transaction.objects.get(type="payout").status == "submitted"

    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(simulator, since=NOW, now=time.now)


@pytest.mark.parametrize("fate", spread(["wrong_amount", "wrong_address"], of="others' transfers", one_in=2))
def test_another_transfer_than_ours_waits_for_staff(simulator, fate):
    [worker] = paid()
    simulator.wrong("transfer", fate=fate)
    time = Time(simulator, at=NOW)

    for _ in range(4):
        time.tick()

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.next_attempt_at) == ("submitted", None)
    assert payout.error_message.startswith("the provider reports ")
    assert balance(worker, "in_transit") == 10
    assert payments.reconcile_settlements(since=NOW, now=time.now) == 1
    assert Discrepancy.objects.get().bucket == "amount_differs"


def test_a_word_that_nobody_knows_is_kept_and_told(simulator):
    paid()
    simulator.wrong("transfer", fate="unheard_of")
    time = Time(simulator, at=NOW)
    time.tick(0)

    told = ""
    while not told:
        time.tick(2)
        told = Transaction.objects.get(type="payout").error_message

    assert told == "the provider says 'WARMING_UP', which is not in the list"
    assert Transaction.objects.get(type="payout").provider_state == "WARMING_UP"
    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(simulator, since=NOW, now=time.now)


def test_every_call_is_on_record(simulator):
    paid()
    simulator.wrong("transfer", fault="timeout_after")
    time = Time(simulator, at=NOW)
    time.tick(0)
    time.until_all_ended()

    calls = list(SettlementAttempt.objects.order_by("number"))
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    assert (calls[0].operation, calls[0].error_class) == ("transfer", ErrorClass.UNKNOWN_OUTCOME)
    assert (calls[1].operation, calls[1].error_class) == ("transfer", None)
    assert {call.operation for call in calls[2:]} == {"read"}
    assert calls[-1].state in ("CONFIRMED", "COMPLETE")
    assert calls[-1].network_fee > 0
    assert all(call.service == "circle" and call.milliseconds is not None for call in calls)


def test_a_transfer_that_may_have_been_taken_cannot_be_cancelled(simulator):
    [_] = paid()
    simulator.wrong("transfer", fault="timeout_after")
    time = Time(simulator, at=NOW)
    time.tick(0)
    payout = Transaction.objects.get(type="payout")

    with pytest.raises(PayoutUnderWay):
        payments.cancel_payout(transaction_id=payout.pk, now=time.now)

    found = payments.look_for(transaction_id=payout.pk, now=time.now)
    assert found.status == "submitted"
    time.until_all_ended()
    require_agreement(simulator, since=NOW, now=time.now)


@pytest.mark.long_form
def test_with_the_breaker_open_nothing_fails_and_everything_drains_after(simulator):
    paid(count=30)
    simulator.wrong("any", fault="error_before", times=10_000)
    time = Time(simulator, at=NOW)

    for _ in range(60):
        time.tick(10)

    breaker = CircuitBreaker.objects.get(pk="circle")
    assert breaker.state in (BreakerState.OPEN, BreakerState.HALF_OPEN)
    assert breaker.open_seconds == 300
    assert SettlementAttempt.objects.count() < 20
    assert set(Transaction.objects.filter(type="payout").values_list("status", flat=True)) == {"pending"}

    simulator.control("faults", clear=True)
    time.until_all_ended(most=60)
    assert Transaction.objects.filter(type="payout", status="confirmed").count() == 30
    assert CircuitBreaker.objects.get(pk="circle").state == BreakerState.CLOSED
    require_agreement(simulator, since=NOW, now=time.now)


@pytest.mark.parametrize("scope", spread(SwitchScope.values, of="switches", one_in=3))
def test_a_switch_stops_payouts_while_earnings_go_on(simulator, scope):
    [worker] = paid()
    task = worker.tasks.get()
    subject = {"payouts": "", "platform": str(task.platform_id), "provider": "circle"}[scope]
    payments.stop_payments(scope=scope, subject=subject, reason="odd amounts", by="1", now=NOW)
    time = Time(simulator, at=NOW)

    time.tick(0)
    assert simulator.transactions() == []
    more = started(worker, amount="5", platform=task.platform, now=NOW)
    platforms.complete_task(task_id=more.pk, now=NOW)
    assert balance(worker, "available") == 5

    payments.let_payments_go_on(scope=scope, subject=subject, by="2", now=time.now)
    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(simulator, since=NOW, now=time.now)
