"""Broken invariants about money: nothing more leaves until people have looked; earnings go on."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.books import services as books
from gigstream.core.clock import database_now
from gigstream.jobs.registry import scheduled_jobs
from payments import services as payments
from payments.models import Account, PaymentSwitch, Transaction
from payments.settlement.health import State, settlement_health
from payments.settlement.switches.enums import SwitchScope
from platforms import services as platforms
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, sandbox, seconds, started
from workers.models import Worker

pytestmark = pytest.mark.django_db


def check():
    """Run the hourly job of beat."""
    next(job for job in scheduled_jobs() if job.name == "check_books").run()


def earn(worker, amount="10"):
    task = started(worker, platform=PlatformFactory(funds="100"), amount=amount)
    platforms.complete_task(task_id=task.pk, now=NOW)


def falsify(worker, by=5):
    """Make the worker's balance differ from its entries."""
    account = Account.objects.get(worker=worker, name="available")
    Account.unguarded.filter(pk=account.pk).update(balance=account.balance + by)


def switches():
    return list(PaymentSwitch.objects.filter(on_at=None))


def test_books_that_hold_stop_nothing():
    earn(WorkerFactory())
    check()
    assert switches() == []


def test_a_violated_invariant_stops_payouts_once_and_earnings_go_on(caplog):
    worker = WorkerFactory()
    earn(worker)
    falsify(worker)

    check()

    (switch,) = switches()
    assert (switch.scope, switch.off_by) == ("payouts", "system")
    assert "balances_add_up_to_zero" in switch.reason
    assert "balance_is_the_sum_of_its_entries" in switch.reason
    assert "payouts are stopped" in caplog.text
    health = settlement_health(database_now())
    assert health.state >= State.WARNING
    assert "stopped payouts" in health.text()

    earn(worker)
    assert balance(worker, "available") == 25
    earn(WorkerFactory())
    assert payments.create_due_payouts(now=NOW) == 1, "what is in doubt stays, and stops no other"
    assert balance(worker, "available") == 25
    assert payments.submit_payouts(now=NOW, provider=sandbox(NOW)) == 0
    assert Transaction.objects.get(type="payout").status == "pending"

    check()
    assert len(switches()) == 1
    assert PaymentSwitch.objects.count() == 1


def test_staff_decide_and_a_new_violation_stops_payouts_again():
    worker = WorkerFactory()
    earn(worker)
    falsify(worker)
    check()

    payments.let_payments_go_on(scope=SwitchScope.PAYOUTS, by="sam")
    check()
    assert switches() == []

    falsify(worker, by=-5)
    check()
    assert switches() == []
    falsify(worker)
    check()
    assert len(switches()) == 1


def test_another_violation_stops_payouts_that_staff_have_let_go_on():
    worker = WorkerFactory()
    earn(worker)
    falsify(worker)
    check()
    payments.let_payments_go_on(scope=SwitchScope.PAYOUTS, by="sam")

    earn(WorkerFactory())
    payments.create_due_payouts(now=NOW)
    Transaction.unguarded.filter(type="payout").update(amount="3")
    check()

    (switch,) = switches()
    assert "in_transit_is_what_is_under_way" in switch.reason


def test_what_is_not_about_money_stops_nothing():
    worker = WorkerFactory()
    Worker.objects.filter(pk=worker.pk).update(total_tasks=7)

    check()

    assert [one.name for one in books.check_books() if not one.passed]
    assert switches() == []


def test_the_command_stops_payouts_too_unless_it_only_looks():
    worker = WorkerFactory()
    earn(worker)
    falsify(worker)

    with pytest.raises(CommandError):
        call_command("check_books", "--no-record", stdout=StringIO())
    assert switches() == []
    with pytest.raises(CommandError):
        call_command("check_books", stdout=StringIO())
    assert len(switches()) == 1


def test_payouts_that_staff_have_stopped_stay_as_they_are():
    worker = WorkerFactory()
    earn(worker)
    falsify(worker)
    payments.stop_payments(scope=SwitchScope.PAYOUTS, reason="a look", by="sam", now=NOW + seconds(1))

    check()

    assert [one.off_by for one in switches()] == ["sam"]
