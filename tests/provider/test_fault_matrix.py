"""Payouts through Circle's twin over a real socket: whatever goes wrong, and wherever, each is settled
exactly once there and here, or voided exactly once."""

from datetime import UTC, datetime

import pytest

from payments import services as payments
from payments.enums import BreakerState, ErrorClass, SwitchScope
from payments.errors import PayoutUnderWay
from payments.models import LedgerEntry, ProviderBreaker, ReconciliationBreak, SettlementAttempt, Transaction
from platforms import services as platforms
from tests.circle import START
from tests.factories import PlatformFactory, WorkerFactory, balance, started
from tests.provider.agreement import Time, require_agreement

pytestmark = pytest.mark.django_db

NOW = datetime.fromtimestamp(START, UTC)
SILENT = ["timeout_before", "timeout_after", "reset_before", "reset_after", "error_before", "error_after"]
SETTLES = ["", "stuck", "screened", "skips_confirmed", "mined_anyway"]
VOIDS = ["denied", "failed", "reverted", "no_gas"]


@pytest.fixture(autouse=True)
def by_circle(circle_pays):
    """Every payout here is Circle's."""


@pytest.fixture
def twin(twin, settings):
    """Nobody waits for long here. The house's wallet holds what is deposited below, and nothing besides."""
    settings.CIRCLE_READ_SECONDS = 1
    twin.tell("fund", walletId=settings.CIRCLE_HOUSE_WALLET_ID, amount="99000")
    settings.TREASURY_OWN_USDC = "0"
    return twin


def paid(amount="10", count=1):
    """Workers with a pending payout each."""
    platform = PlatformFactory(funds="100000", now=NOW)
    workers = [WorkerFactory(now=NOW) for _ in range(count)]
    for worker in workers:
        task = started(worker, amount=amount, platform=platform, now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW)
    assert payments.create_due_payouts(now=NOW) == count
    return workers


def goes_wrong(twin, fault, fate):
    """The first offer meets the fault; the transfer that is made in the end has the fate."""
    if fate:
        was_not_taken = fault.endswith("_before") or fault == "busy"
        twin.wrong("transfer", fate=fate, times=2 if was_not_taken else 1)
    if fault:
        twin.wrong("transfer", fault=fault)


@pytest.mark.parametrize("fate", SETTLES)
@pytest.mark.parametrize("fault", ["", *SILENT, "busy", "garbage", "redirect", "huge"])
def test_a_transfer_is_settled_once_whatever_its_offer_meets(twin, fault, fate):
    [worker] = paid()
    goes_wrong(twin, fault, fate)
    time = Time(twin, at=NOW)

    time.tick(0)
    time.until_all_ended()

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.amount) == ("confirmed", 10)
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 0)
    assert LedgerEntry.objects.filter(kind="payout_settled").count() == 1
    require_agreement(twin, since=NOW, now=time.now)


@pytest.mark.parametrize("fate", VOIDS)
@pytest.mark.parametrize("fault", ["", "timeout_after", "error_before", "busy"])
def test_a_transfer_that_failed_for_good_is_given_back_once(twin, fault, fate):
    [worker] = paid()
    goes_wrong(twin, fault, fate)
    time = Time(twin, at=NOW)

    time.tick(0)
    time.until_all_ended()

    payout = Transaction.objects.get(type="payout")
    assert payout.status == "failed"
    assert payout.error_message
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (10, 0)
    assert LedgerEntry.objects.filter(kind="payout_void").count() == 1
    require_agreement(twin, since=NOW, now=time.now)


@pytest.mark.parametrize("fault", [*SILENT, "busy", "garbage", "redirect", "huge"])
def test_a_look_that_meets_a_fault_changes_nothing(twin, fault):
    paid()
    time = Time(twin, at=NOW)
    time.tick(0)
    twin.wrong("transaction", fault=fault, times=2)

    time.tick(2)
    assert Transaction.objects.get(type="payout").status == "submitted"

    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(twin, since=NOW, now=time.now)


@pytest.mark.parametrize("fate", ["wrong_amount", "wrong_address"])
def test_another_transfer_than_ours_waits_for_staff(twin, fate):
    [worker] = paid()
    twin.wrong("transfer", fate=fate)
    time = Time(twin, at=NOW)

    for _ in range(4):
        time.tick()

    payout = Transaction.objects.get(type="payout")
    assert (payout.status, payout.next_attempt_at) == ("submitted", None)
    assert payout.error_message.startswith("the provider reports ")
    assert balance(worker, "in_transit") == 10
    assert payments.reconcile_settlements(since=NOW, now=time.now) == 1
    assert ReconciliationBreak.objects.get().bucket == "amount_differs"


def test_a_word_that_nobody_knows_is_kept_and_told(twin):
    paid()
    twin.wrong("transfer", fate="unheard_of")
    time = Time(twin, at=NOW)
    time.tick(0)

    told = ""
    while not told:
        time.tick(2)
        told = Transaction.objects.get(type="payout").error_message

    assert told == "the provider says 'WARMING_UP', which nobody here knows"
    assert Transaction.objects.get(type="payout").provider_state == "WARMING_UP"
    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(twin, since=NOW, now=time.now)


def test_every_call_is_on_record(twin):
    paid()
    twin.wrong("transfer", fault="timeout_after")
    time = Time(twin, at=NOW)
    time.tick(0)
    time.until_all_ended()

    calls = list(SettlementAttempt.objects.order_by("number"))
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    assert (calls[0].operation, calls[0].error_class) == ("transfer", ErrorClass.UNKNOWN_OUTCOME)
    assert (calls[1].operation, calls[1].error_class) == ("transfer", None)
    assert {call.operation for call in calls[2:]} == {"read"}
    assert calls[-1].state in ("CONFIRMED", "COMPLETE")
    assert calls[-1].network_fee > 0
    assert all(call.provider == "circle" and call.milliseconds is not None for call in calls)


def test_a_transfer_that_may_have_been_taken_cannot_be_cancelled(twin):
    [_] = paid()
    twin.wrong("transfer", fault="timeout_after")
    time = Time(twin, at=NOW)
    time.tick(0)
    payout = Transaction.objects.get(type="payout")

    with pytest.raises(PayoutUnderWay):
        payments.cancel_payout(transaction_id=payout.pk, now=time.now)

    found = payments.look_for(transaction_id=payout.pk, now=time.now)
    assert found.status == "submitted"
    time.until_all_ended()
    require_agreement(twin, since=NOW, now=time.now)


def test_with_the_breaker_open_nothing_fails_and_everything_drains_after(twin):
    paid(count=30)
    twin.wrong("any", fault="error_before", times=10_000)
    time = Time(twin, at=NOW)

    for _ in range(60):
        time.tick(10)

    breaker = ProviderBreaker.objects.get(pk="circle")
    assert breaker.state in (BreakerState.OPEN, BreakerState.HALF_OPEN)
    assert breaker.open_seconds == 300
    assert SettlementAttempt.objects.count() < 20
    assert set(Transaction.objects.filter(type="payout").values_list("status", flat=True)) == {"pending"}

    twin.tell("faults", clear=True)
    time.until_all_ended(most=60)
    assert Transaction.objects.filter(type="payout", status="confirmed").count() == 30
    assert ProviderBreaker.objects.get(pk="circle").state == BreakerState.CLOSED
    require_agreement(twin, since=NOW, now=time.now)


@pytest.mark.parametrize("scope", SwitchScope.values)
def test_a_switch_stops_payouts_while_earnings_go_on(twin, scope):
    [worker] = paid()
    task = worker.tasks.get()
    subject = {"payouts": "", "platform": str(task.platform_id), "provider": "circle"}[scope]
    payments.stop_payments(scope=scope, subject=subject, reason="odd amounts", by="1", now=NOW)
    time = Time(twin, at=NOW)

    time.tick(0)
    assert twin.transactions() == []
    more = started(worker, amount="5", platform=task.platform, now=NOW)
    platforms.complete_task(task_id=more.pk, now=NOW)
    assert balance(worker, "available") == 5

    payments.let_payments_go_on(scope=scope, subject=subject, by="2", now=time.now)
    time.until_all_ended()
    assert Transaction.objects.get(type="payout").status == "confirmed"
    require_agreement(twin, since=NOW, now=time.now)
