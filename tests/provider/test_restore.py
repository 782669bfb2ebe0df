"""The database is restored from a backup that is older than some payouts: the gate finds them at the provider
by their keys before anything is submitted."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from payments import services as payments
from payments.models import PaymentSwitch, SettlementAttempt, Transaction
from platforms import services as platforms
from tests.support.books import violated
from tests.support.circle_agreement import Time, require_agreement
from tests.support.database.snapshots import restored
from tests.support.factories import PlatformFactory as AnyPlatform
from tests.support.factories import WorkerFactory as AnyWorker
from tests.support.factories import balance, running_stream, seconds, started
from tests.support.servers.circle import START
from workers.profiles.enums import PayoutSchedule

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.fromtimestamp(START, UTC)
SINCE = NOW - seconds(3600)


@pytest.fixture(autouse=True)
def by_circle(circle_pays, simulator):
    """Every payout here is Circle's."""


@pytest.fixture
def time(simulator):
    return Time(simulator, at=NOW)


def a_worker():
    return AnyWorker(now=NOW)


def a_platform():
    """Return a platform with as much as the house's wallet holds."""
    return AnyPlatform(funds="1000", now=NOW)


def earn(worker, platform, amount="10", *, now=NOW):
    task = started(worker, platform=platform, amount=amount, now=now)
    platforms.complete_task(task_id=task.pk, now=now)


def paid_out(time, *workers):
    """So many payouts are made and settled."""
    assert payments.create_due_payouts(now=time.now) == len(workers)
    time.tick(0)
    time.until_all_ended()


def gate(time):
    return payments.rediscover_payouts(since=SINCE, now=time.now)


def offered(simulator):
    return len(simulator.transactions())


@pytest.mark.long_form
def test_payouts_made_after_the_backup_are_found_and_none_is_made_twice(simulator, time):
    platform = a_platform()
    pending, unheard, settled = a_worker(), a_worker(), a_worker()
    earn(settled, platform)
    paid_out(time, settled)
    earn(pending, platform)
    payments.create_due_payouts(now=time.now)
    earn(unheard, platform, "20")

    with restored():
        # After the backup: the pending payout is sent, the other is made and sent, both are settled.
        payments.create_due_payouts(now=time.now)
        time.tick(5)
        time.until_all_ended()
        assert Transaction.objects.filter(type="payout", status="confirmed").count() == 3
    assert Transaction.objects.filter(type="payout").count() == 2
    assert offered(simulator) == 3

    found = gate(time)

    assert (found.submitted, found.adopted, found.unplaced) == (1, 1, [])
    assert not PaymentSwitch.objects.filter(on_at=None).exists()
    payments.create_due_payouts(now=time.now)
    time.tick(0)
    time.until_all_ended()
    assert offered(simulator) == 3
    assert (balance(unheard, "available"), balance(pending, "available")) == (0, 0)
    require_agreement(simulator, since=SINCE, now=time.now)


@pytest.mark.long_form
def test_the_gate_may_be_run_again(simulator, time):
    platform = a_platform()
    worker = a_worker()
    earn(worker, platform)
    with restored():
        paid_out(time, worker)

    assert gate(time).adopted == 1
    again = gate(time)

    assert (again.submitted, again.adopted, again.unplaced) == (0, 0, [])
    assert violated() == {}


@pytest.mark.long_form
def test_several_payouts_of_one_worker_come_back_in_their_order(simulator, time):
    platform = a_platform()
    worker = a_worker()
    earn(worker, platform, "10")
    earn(worker, platform, "7")
    with restored():
        payments.cash_out(worker_id=worker.pk, amount="12", now=time.now)
        payments.cash_out(worker_id=worker.pk, amount="5", now=time.now)
        time.tick(5)
        time.until_all_ended()

    assert gate(time).adopted == 2

    keys = Transaction.objects.filter(type="payout").order_by("idempotency_key")
    assert [(one.idempotency_key.rsplit(":")[-1], one.amount) for one in keys] == [
        ("1", Decimal(12)),
        ("2", Decimal(5)),
    ]
    time.until_all_ended()
    require_agreement(simulator, since=SINCE, now=time.now)


@pytest.mark.long_form
def test_what_a_stream_has_vested_since_is_there_to_be_paid_out_of(simulator, time):
    worker = a_worker()
    payments.set_payout_schedule(worker_id=worker.pk, schedule=PayoutSchedule.AT_ONCE, now=NOW)
    running_stream(worker, total="60", duration=3600, platform=a_platform(), now=NOW)
    with restored():
        time.pass_by(1800)
        payments.release_due_streams(now=time.now)
        paid_out(time, worker)

    assert gate(time).adopted == 1

    time.until_all_ended()
    assert Transaction.objects.get(type="payout").amount == Decimal(30)
    require_agreement(simulator, since=SINCE, now=time.now)


@pytest.mark.long_form
def test_a_payout_whose_earnings_are_lost_is_for_staff_and_payouts_wait(simulator, time):
    platform = a_platform()
    worker, other = a_worker(), a_worker()
    earn(other, platform)
    with restored():
        earn(worker, platform)
        payments.create_due_payouts(now=time.now)
        time.tick(5)
        time.until_all_ended()
    stranger = next(
        one for one in simulator.transactions() if one["destinationAddress"] == worker.wallet_address
    )

    found = gate(time)

    assert (found.adopted, found.unplaced) == (1, [stranger["id"]])
    (switch,) = PaymentSwitch.objects.filter(on_at=None)
    assert switch.off_by == "restore"
    # Nothing is numbered anew, and nothing leaves.
    earn(worker, platform)
    assert payments.create_due_payouts(now=time.now) == 0
    assert payments.submit_payouts(now=time.now) == 0

    # The platform has reported the work again: now the money is there.
    assert gate(time).unplaced == []
    assert not PaymentSwitch.objects.filter(on_at=None).exists()
    time.until_all_ended()
    require_agreement(simulator, since=SINCE, now=time.now)


@pytest.mark.long_form
def test_a_payout_that_failed_after_the_backup_fails_once_more(simulator, time):
    """Its number is used up at the provider, so it is put back, looked up, and given back."""
    worker = a_worker()
    earn(worker, a_platform())
    with restored():
        simulator.wrong("transfer", fate="denied")
        payments.create_due_payouts(now=time.now)
        time.tick(5)
        time.until_all_ended()

    assert gate(time).adopted == 1
    time.until_all_ended()

    assert Transaction.objects.get(type="payout").status == "failed"
    assert balance(worker, "available") == Decimal(10)
    assert violated() == {}


@pytest.mark.long_form
def test_the_command_tells_what_it_found(simulator, settings):
    worker = a_worker()
    earn(worker, a_platform())
    out = StringIO()

    call_command("reconcile_settlements", "--after-restore", stdout=out)

    assert "0 pending here and known there, 0 put back" in out.getvalue()
    assert "free to go on" in out.getvalue()


@pytest.mark.long_form
def test_payouts_that_staff_had_stopped_stay_stopped(simulator, time):
    payments.stop_payments(scope="payouts", reason="a look", by="sam", now=NOW)
    assert gate(time).unplaced == []
    assert PaymentSwitch.objects.filter(on_at=None).count() == 1


@pytest.mark.long_form
def test_the_older_rows_really_are_the_older_rows(simulator, time):
    worker = a_worker()
    earn(worker, a_platform())
    with restored():
        paid_out(time, worker)
        assert SettlementAttempt.objects.exists()
    assert not SettlementAttempt.objects.exists()
    assert balance(worker, "available") == Decimal(10)
