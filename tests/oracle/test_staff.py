"""Pages for staff and commands of the oracle; fees of records in the treasury."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from audit.models import AuditLog
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import ChainOperation, CreatorSync, Discrepancy, Reconciliation
from payments.settlement.sandbox.provider import SandboxProvider
from tests.support.factories import PlatformFactory
from tests.support.oracle.creators import on_chain, played
from tests.support.oracle.sandbox import SandboxOracle
from tests.support.pages.admin import act, member, told

pytestmark = pytest.mark.django_db
ROOT = "0x" + "ab" * 32


@pytest.fixture
def chain(source):
    return SandboxOracle(database_now())


def dead_operation(chain):
    chain.goes_wrong("execute_contract", "refused")
    operation = payments.record_distribution(
        platform_id=PlatformFactory(now=chain.now).pk,
        number=1,
        total="1",
        root=ROOT,
        now=chain.now,
        oracle=chain.oracle,
    )
    chain.work()
    return operation


def said(command, *options):
    out = StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


SEES_OPERATIONS = "payments.view_chainoperation"


@pytest.mark.parametrize("permissions", [(SEES_OPERATIONS,), (SEES_OPERATIONS, "payments.view_chainattempt")])
def test_sync_health_is_a_page_for_who_may_see_operations(chain, permissions):
    dead_operation(chain)
    client = member("reader", *permissions).client
    address = reverse("admin:payments_sync_health")

    page = client.get(address).content.decode()

    assert "Dead operations" in page
    assert "not now or ever" in page
    assert ("Newest attempts" in page) is (len(permissions) == 2)
    assert "Figures of the last 168 hours" in client.get(f"{address}?hours=168").content.decode()
    assert "Figures of the last 24 hours" in client.get(f"{address}?hours=nonsense").content.decode()
    assert member("stranger", "workers.view_worker").client.get(address).status_code == 403


def test_staff_retry_a_dead_operation_with_a_reason(chain):
    operation = dead_operation(chain)

    page = act(member("staff").client, "retry", operation, reason="looked into it")

    assert told(page) == ["1 chain operation tried again."]
    operation.refresh_from_db()
    assert (operation.status, operation.round) == ("pending", 2)
    line = AuditLog.objects.get(action="oracle.retry")
    assert line.metadata["reason"] == "looked into it"


def test_the_commands_write_compare_and_report(source):
    now = database_now()
    played(source, on_chain(now=now), 5)
    SandboxOracle(now - timedelta(minutes=2)).write()
    played(source, on_chain(now=now), 5)

    assert said("oracle_sync") == "1 creators to write, 1 operations sent, 0 ended\n"
    assert "nothing waits" not in said("oracle_status", "--hours", "1")
    assert said("reconcile_oracle") == "1 creators and 0 records compared\n"
    assert "confirmed, given up   1, 0" in said("oracle_status")
    assert [line.split()[0] for line in said("oracle_test").splitlines()] == [
        "contract",
        "block",
        "read",
        "write",
        "budget",
    ]


def test_the_commands_fail_when_the_chain_does(source, monkeypatch):
    played(source, on_chain(now=database_now()), 5)
    said("oracle_sync")
    SandboxOracle(database_now()).work(times=2)
    assert CreatorSync.objects.get().plays == 5
    SandboxOracle.goes_wrong("read_contract", "unreachable")
    with pytest.raises(CommandError, match="did not answer for all"):
        said("reconcile_oracle")
    SandboxOracle.goes_wrong("estimate_contract", "unreachable")
    with pytest.raises(CommandError, match="failed: write"):
        said("oracle_test")
    with pytest.raises(CommandError, match="hours are 1 or more"):
        said("oracle_status", "--hours", "0")


def test_the_fees_of_records_are_missing_from_no_wallet(source, chain, settings):
    settings.TREASURY_OWN_USDC = ""
    provider = SandboxProvider(lambda: chain.now)
    played(source, on_chain(now=chain.now), 5)
    chain.write()
    assert chain.state() == ("confirmed", "")

    payments.reconcile_settlements(now=chain.now, provider=provider)

    run = Reconciliation.objects.latest("pk")
    assert Decimal(run.treasury["network_fees"]) == Decimal("0.009769")
    assert Decimal(run.treasury["short"]) == 0
    assert not Discrepancy.objects.exists()
    assert ChainOperation.objects.count() == 1
