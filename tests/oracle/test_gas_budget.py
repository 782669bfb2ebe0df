"""The month's budget for gas: it stops what is written, with an alarm, and never pay."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from audit.models import AuditLog
from payments import services as payments
from payments.models import ChainOperation, GasAlarm, GasSpending, Transaction
from payments.oracle.registry import registry
from payments.oracle.services.gas import read_budget
from platforms import services as platforms
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import PlatformFactory, settle, started
from tests.support.oracle.creators import on_chain, played
from tests.support.oracle.sandbox import SandboxOracle

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(source):
    return SandboxOracle()


@pytest.fixture
def used_up(chain):
    """All but a thousandth of the budget is spent."""
    insert(valid(GasSpending, spent_at=chain.now, fee=Decimal("49.999")))


def test_what_a_month_has_cost_is_counted_exactly(chain, source):
    played(source, on_chain(), 5)
    chain.write()

    budget, spending = read_budget(chain.now), GasSpending.objects.get()
    assert spending.fee == Decimal("0.009769")
    assert (budget.spent, budget.reserved, budget.by_others) == (spending.fee, 0, 0)
    assert budget.left == Decimal(50) - spending.fee
    assert read_budget(chain.now + timedelta(days=31)).spent == 0


def test_gas_is_reserved_while_a_transaction_is_under_way(chain, source):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "stuck")
    chain.work()

    operation = chain.newest()
    assert operation.reserved == read_budget(chain.now).reserved > Decimal("0.009769")
    chain.work(times=4)
    assert (chain.state(), read_budget(chain.now).reserved) == (("confirmed", ""), 0)


def test_a_used_up_budget_stops_what_is_written_with_one_alarm(chain, source, used_up):
    one = on_chain()
    played(source, one, 5)
    chain.sync()
    chain.work(times=3)

    assert chain.state() == ("pending", "gas_budget")
    assert not chain.newest().is_in_flight
    alarm = GasAlarm.objects.get()
    assert (alarm.month, alarm.budget, alarm.spent) == (
        chain.now.date().replace(day=1),
        50,
        Decimal("49.999"),
    )
    chain.work(seconds=3700)
    assert GasAlarm.objects.count() == AuditLog.objects.filter(action="oracle.use_up_gas").count() == 1


def test_pay_goes_on_while_nothing_is_written(chain, source, used_up):
    task = started(platform=PlatformFactory(funds="100"), amount="10")
    platforms.complete_task(task_id=task.pk, now=chain.now)
    payments.create_due_payouts(now=chain.now)
    played(source, on_chain(), 5)
    chain.sync()
    chain.work(times=2)

    settle(chain.now)

    assert Transaction.objects.get(type="payout").status == "confirmed"
    assert chain.state() == ("pending", "gas_budget")


def test_in_the_next_month_it_goes_on(chain, source, used_up):
    played(source, on_chain(), 5)
    chain.sync()
    chain.work()
    assert chain.state() == ("pending", "gas_budget")

    chain.now = datetime(2026, 4, 1, tzinfo=UTC)
    chain.work(times=3)

    assert chain.state() == ("confirmed", "")
    assert GasSpending.objects.filter(spent_at__gte=datetime(2026, 4, 1, tzinfo=UTC)).count() == 1


def test_what_others_spend_counts(chain, source, monkeypatch):
    monkeypatch.setattr(registry, "_spenders", {})
    registry.register_spender("audit anchors", lambda first, until: Decimal("49.9999"))
    played(source, on_chain(), 5)
    chain.sync()
    chain.work()

    assert chain.state() == ("pending", "gas_budget")
    assert read_budget(chain.now).by_others == Decimal("49.9999")
    with pytest.raises(ValueError, match="registered already"):
        registry.register_spender("audit anchors", lambda first, until: Decimal(0))


def test_a_dearer_version_needs_room_in_the_budget(chain, source):
    played(source, on_chain(), 5)
    chain.sync()
    chain.goes_wrong("execute_contract", "stuck")
    chain.work()
    operation = chain.newest()
    insert(valid(GasSpending, spent_at=chain.now, fee=Decimal(50) - operation.reserved))
    chain.work(times=2)

    operation.refresh_from_db()
    assert (operation.status, operation.trouble, operation.bumps) == ("submitted", "gas_budget", 0)


def test_a_limit_of_zero_writes_nothing(chain, source, settings):
    settings.ORACLE_GAS_OF_A_MONTH = "0"
    played(source, on_chain(), 5)
    chain.sync()
    chain.work()

    assert chain.state() == ("pending", "gas_budget")
    assert not ChainOperation.objects.filter(is_in_flight=True).exists()
