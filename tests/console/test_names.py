"""Names on the staff's pages: rows are called by the names of people, platforms and tasks with a reference,
the ids are one click away, and each name costs no statement of its own."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.log.services import Record, record_many
from audit.models import AuditLog
from gigstream.adminkit import Names, admin_url, list_url
from gigstream.core.ids import new_id
from gigstream.core.people.masking import hide_personal_data
from gigstream.core.people.names import InvalidName
from gigstream.staff.roles import Role
from loans.models import Loan
from payments import services as payments
from payments.models import Account, PaymentSwitch, PayoutHold, Stream, Transaction
from payments.settlement.switches.enums import SwitchScope
from payments.settlement.switches.errors import SwitchedAlready
from platforms import services as platforms
from platforms.models import Collection, CreatorProfile, Dispute, Platform, Task, Work
from reputation.models import Quest, Submission
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, running_stream, seconds, started
from workers import services as workers
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


def logged_in(*roles: Role) -> Client:
    user = User.objects.create_user(f"staff-{User.objects.count()}", password="x", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff():
    return logged_in(*Role)


@pytest.fixture
def payout():
    worker = WorkerFactory(full_name="David Wilson")
    task = started(worker, platform=PlatformFactory(name="QuickTask", funds="1000"), amount="30")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW + seconds(1))
    return Transaction.objects.get(type="payout")


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_payouts_page_is_called_by_whom_it_pays_in_the_tab_too(staff, payout):
    page = text_of(staff, admin_url(payout))
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert f"payout {payout.reference} to David Wilson" in title
    assert str(payout.pk) not in title


def test_rows_are_called_by_the_names_of_those_whom_they_belong_to(staff):
    worker = WorkerFactory(full_name="David Wilson")
    stream = running_stream(worker, platform=PlatformFactory(name="QuickTask", funds="1000"))
    Task.unguarded.filter(pk=stream.task_id).update(title="Night stock taking")
    account = Account.objects.get(worker=worker, name="available")
    for row, name in (
        (stream, f"{stream.reference} of Night stock taking"),
        (account, "available of David Wilson"),
        (worker, f"David Wilson · {worker.reference}"),
    ):
        title = text_of(staff, admin_url(row)).partition("<title>")[2].partition("</title>")[0]
        assert name in title


def test_support_reads_masked_names_in_titles(payout):
    page = text_of(logged_in(Role.SUPPORT), admin_url(payout))
    assert "to David W." in page
    assert "Wilson" not in page


def test_the_audit_log_names_rows_and_actors_by_one_statement(staff):
    made = [running_stream(WorkerFactory(), platform=PlatformFactory(funds="1000")) for _ in range(3)]
    with acting(Actor(ActorType.WORKER, str(made[0].worker_id))):
        record_many(Record("stream.pause", "stream", str(stream.pk)) for stream in made)
    address = list_url(AuditLog, action="stream.pause")
    with CaptureQueriesContext(connection) as captured:
        page = text_of(staff, address)
    for stream in made:
        assert f"{stream.reference} of {stream.task.title}" in page
    assert f"{made[0].worker.full_name} · {made[0].worker.reference}" in page
    named = [query["sql"] for query in captured if 'FROM "streams"' in query["sql"]]
    assert len(named) == 1
    assert [query["sql"] for query in captured if 'FROM "workers"' in query["sql"]] == named


@pytest.mark.parametrize(
    "model",
    [
        Worker,
        Platform,
        CreatorProfile,
        Work,
        Collection,
        Task,
        Dispute,
        Stream,
        Transaction,
        PayoutHold,
        Account,
        Loan,
        Quest,
        Submission,
    ],
)
def test_a_row_that_others_name_has_the_name_of_its_own_page(staff, model, django_assert_num_queries):
    row = insert(valid(model))
    named = model._meta.model_name, str(row.pk)
    with django_assert_num_queries(1):
        text = Names([named]).text(*named)
    assert staff.get(admin_url(row)).context["subtitle"] == text


def test_names_of_many_kinds_are_read_by_one_statement(payout, django_assert_num_queries):
    named = [("transaction", str(payout.pk)), ("worker", str(payout.worker_id)), ("worker", "no-id")]
    with django_assert_num_queries(1):
        names = Names(named)
        texts = [names.text(*one) for one in named]
    assert texts == [
        f"payout {payout.reference} to David Wilson",
        f"David Wilson · {payout.worker.reference}",
        "worker no-id",
    ]


def test_support_reads_masked_names_of_rows_that_others_name(payout):
    named = "transaction", str(payout.pk)
    with hide_personal_data(True):
        assert Names([named]).text(*named) == f"payout {payout.reference} to David W."


def test_a_row_that_is_gone_leads_nowhere():
    named = "worker", str(new_id())
    assert Names([named]).link(*named).startswith("<bdi>worker ")


def test_an_actor_without_an_account_leads_nowhere(staff):
    with acting(Actor(ActorType.STAFF, "demo")):
        record_many([Record("stream.pause", "stream", "no-id")])
    page = text_of(staff, list_url(AuditLog, action="stream.pause"))
    assert "staff demo" in page
    assert "user/demo/" not in page
    assert "stream no-id" in page


def test_ids_references_and_hashes_are_copied_by_a_button(staff, payout):
    page = text_of(staff, admin_url(payout))
    for text in (str(payout.pk), payout.reference, payout.to_wallet):
        assert f'data-copy="{text}"' in page
    assert 'aria-label="Copy reference"' in page


def test_support_copies_nothing_that_is_hidden_from_them(payout):
    page = text_of(logged_in(Role.SUPPORT), admin_url(payout))
    assert payout.to_wallet not in page
    assert f'data-copy="{payout.reference}"' in page


def test_hashes_and_addresses_lead_to_the_block_explorer_if_one_is_set(staff, payout, settings):
    address = f"https://explorer.example/address/{payout.to_wallet}"
    assert "explorer.example" not in text_of(staff, admin_url(payout))
    settings.EXPLORER_URL = "https://explorer.example"
    response = staff.get(admin_url(payout))
    assert f'<a href="{address}" target="_blank" rel="noopener noreferrer">' in response.content.decode()
    assert "explorer.example" not in response["Content-Security-Policy"]


def test_the_tile_in_transit_leads_to_what_it_counts(staff, payout):
    address = list_url(Transaction, in_transit="yes")
    assert address.replace("&", "&amp;") in text_of(staff, reverse("admin:index"))
    assert list(staff.get(address).context["cl"].result_list) == [payout]


def test_a_refused_stop_and_a_done_one_are_on_record_under_one_type(staff):
    payments.stop_payments(scope=SwitchScope.PAYOUTS, reason="a drill", by="staff:1", now=NOW)
    with acting(Actor(ActorType.STAFF, "1")), pytest.raises(SwitchedAlready):
        payments.stop_payments(scope=SwitchScope.PAYOUTS, reason="a drill", by="staff:1", now=NOW)
    lines = AuditLog.objects.filter(action="payments.stop")
    assert {(line.resource_type, line.success) for line in lines} == {
        (PaymentSwitch._meta.model_name, True),
        (PaymentSwitch._meta.model_name, False),
    }


@pytest.mark.parametrize("mark", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f"])
def test_names_that_turn_the_text_around_are_refused(mark):
    worker, platform = WorkerFactory(full_name="Henry Taylor"), PlatformFactory(name="QuickTask")
    with pytest.raises(InvalidName):
        workers.correct_worker(worker_id=worker.pk, values={"full_name": f"{mark}roylaT"}, reason="a letter")
    with pytest.raises(InvalidName):
        platforms.correct_platform(platform_id=platform.pk, values={"name": f"{mark}ksaT"}, reason="a letter")
    worker.refresh_from_db()
    platform.refresh_from_db()
    assert (worker.full_name, platform.name) == ("Henry Taylor", "QuickTask")


def test_keys_are_called_as_they_are_written(staff):
    key, _ = platforms.create_api_key(platform_id=PlatformFactory().pk)
    page = text_of(staff, admin_url(key))
    assert f"<bdi>gs_test_{key.prefix}_…</bdi>" in page
    assert "Gs_test" not in page
