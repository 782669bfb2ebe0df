"""Test and live databases: a row says which this is, and nothing crosses."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.database_identity.errors import DatabaseMismatch
from audit.database_identity.services import (
    Identity,
    configured_identity,
    require_own_database,
    stored_identity,
)
from audit.models import DatabaseIdentity
from payments import services as payments
from payments.models import LedgerEntry, SandboxWallet
from payments.settlement.deposits.errors import DepositsAreObserved
from payments.settlement.provider import configured_provider
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.models import ApiKey
from tests.support.database.identity import CIRCLE, database_made
from tests.support.factories import PlatformFactory

pytestmark = pytest.mark.django_db
MONEY_COMMANDS = [
    ("reconcile_settlements",),
    ("reconcile_settlements", "--after-restore"),
    ("settlement_health",),
    ("oracle_status",),
    ("oracle_sync",),
    ("oracle_test",),
    ("reconcile_oracle",),
    ("seed_demo",),
    ("run_scheduler",),
    ("require_own_database",),
]


def test_migrate_writes_down_what_the_settings_say():
    assert list(DatabaseIdentity.objects.values_list("kind", "provider")) == [("test", "sandbox")]
    assert stored_identity() == configured_identity() == Identity("test", "sandbox")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE database_identity SET kind = 'live', provider = 'circle'",
        "UPDATE database_identity SET provider = provider",
        "DELETE FROM database_identity",
        "TRUNCATE database_identity",
    ],
)
def test_the_row_never_changes(statement):
    refused = pytest.raises(DatabaseError, match=r"Cannot update or delete|never emptied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert DatabaseIdentity.objects.get().kind == "test"


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_is_still_what_it_was():
    call_command("flush", interactive=False, verbosity=0)

    assert DatabaseIdentity.objects.get().provider == "sandbox"


def test_a_live_database_has_a_real_provider():
    refused = pytest.raises(IntegrityError, match="live_database_has_no_simulated_provider")
    with refused, transaction.atomic(), database_made(kind="live", provider="sandbox"):
        pass


@pytest.mark.parametrize("setting", [{"DATABASE_KIND": "live"}, {"PAYMENT_PROVIDER": CIRCLE}])
def test_under_other_settings_no_money_moves_no_provider_is_called_and_no_key_is_made(settings, setting):
    platform = PlatformFactory(funds="10")
    entries, keys = LedgerEntry.objects.count(), ApiKey.objects.count()
    for name, value in setting.items():
        setattr(settings, name, value)

    for act in (
        require_own_database,
        configured_provider,
        lambda: payments.book_deposit(platform_id=platform.pk, amount="5", tx_hash="0x1"),
        lambda: platforms.create_api_key(platform_id=platform.pk),
        payments.reconcile_settlements,
    ):
        with pytest.raises(DatabaseMismatch, match="this database is test with the provider sandbox"):
            act()

    assert (LedgerEntry.objects.count(), ApiKey.objects.count()) == (entries, keys)


@pytest.mark.parametrize("command", MONEY_COMMANDS, ids=" ".join)
def test_a_command_that_asks_the_provider_or_books_money_refuses_under_other_settings(settings, command):
    settings.PAYMENT_PROVIDER = CIRCLE

    with pytest.raises(CommandError, match="this database is test with the provider sandbox"):
        call_command(*command)


@pytest.mark.parametrize("command", ["check_books", "recompute_statistics"])
def test_a_command_that_reads_the_books_never_refuses(settings, command):
    settings.PAYMENT_PROVIDER = CIRCLE

    call_command(command)


def test_a_live_database_refuses_simulated_deposits(settings):
    """A simulator that the settings name as Circle is play money as well."""
    settings.PAYMENT_PROVIDER, settings.DATABASE_KIND = CIRCLE, "live"
    settings.CIRCLE_API_URL = "http://127.0.0.1:8010"
    platform = PlatformFactory(funds="0")

    with database_made(kind="live", provider="circle"), pytest.raises(DepositsAreObserved):
        payments.simulate_deposit(platform_id=platform.pk, amount="1000000", key="k")

    assert LedgerEntry.objects.filter(kind="deposit").count() == 0


def test_a_live_database_holds_no_row_of_the_sandbox():
    refused = pytest.raises(DatabaseError, match="a live database holds no simulated money")
    with database_made(kind="live", provider="circle"), refused, transaction.atomic():
        SandboxProvider().wallet()

    assert SandboxWallet.objects.count() == 0


def test_a_live_database_has_live_keys_alone(settings):
    settings.PAYMENT_PROVIDER, settings.DATABASE_KIND = CIRCLE, "live"
    platform = PlatformFactory()

    with database_made(kind="live", provider="circle"):
        key, text = platforms.create_api_key(platform_id=platform.pk)
        with pytest.raises(DatabaseError, match="databases of their own"), transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(is_live=False)

    assert (key.is_live, text[:8]) == (True, "gs_live_")


def test_a_test_database_refuses_a_live_key_whoever_writes_it():
    key, _ = platforms.create_api_key(platform_id=PlatformFactory().pk)

    with pytest.raises(DatabaseError, match="databases of their own"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(is_live=True)
