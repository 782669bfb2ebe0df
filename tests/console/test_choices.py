"""Choices of staff: amounts as they are written, accounts and switches by name, buttons for those who may."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from audit.models import Approval
from gigstream.adminkit import admin_url, list_url
from gigstream.core.clock import database_now
from gigstream.core.money import InvalidAmount, exact_amount
from loans.applications import services as loans
from loans.applications.approvals import approve_or_request
from payments import services as payments
from payments.ledger.services import accounts
from payments.models import PaymentSwitch
from tests.support.factories import PlatformFactory, WorkerFactory, running_stream
from tests.support.pages.addresses import text_of
from tests.support.pages.admin import act, member, page_of_act, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


def of_role(role):
    """Return a client of a member of staff with this role."""
    user = User.objects.create_user(role, f"{role}@example.com", is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(user)
    return client


# --- Amounts ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,000.50", "has separators of thousands: write 1000.50"),
        ("12,345,678", "has separators of thousands: write 12345678"),
        ("99999999999999999", "is too large: an amount is at most 99999999999999.999999"),
        ("100000000000000.5", "is too large"),
        ("1,00", "is not an amount: give digits with at most 6 decimals"),
        ("1,0000.5", "is not an amount"),
        ("1.1234567", "is not an amount"),
        ("ten", "is not an amount"),
        ("-5", "is not an amount"),
    ],
)
def test_a_wrong_amount_is_called_by_its_mistake(text, words):
    with pytest.raises(InvalidAmount) as refused:
        exact_amount(text)
    assert words in refused.value.message
    ann, worker = member("ann"), WorkerFactory()

    shown = act(ann.client, "reward", worker, amount=text, reason="a finder")

    assert words in text_of(shown)
    assert not worker.accounts.filter(balance__gt=0).exists()


def test_an_amount_with_blanks_around_it_is_read_exactly():
    ann, worker = member("ann"), WorkerFactory()
    act(ann.client, "reward", worker, amount=" 1.000001 ", reason="a finder")
    assert worker.accounts.get(name="available").balance == Decimal("1.000001")


# --- Accounts -----------------------------------------------------------------------------------------------
@pytest.fixture
def source():
    return PlatformFactory(name="Payer", funds="10").accounts.get(name="available")


@pytest.mark.parametrize("owner", ["alice@example.com", "Alice Johnson", "alice john", "reference"])
def test_an_adjustment_names_the_owner_of_its_account(source, owner):
    alice = WorkerFactory(full_name="Alice Johnson", email="alice@example.com")
    WorkerFactory(full_name="Alice Reed", email="reed@example.com")
    owner = alice.reference.lower() if owner == "reference" else owner

    act(member("ann").client, "adjust", source, into="worker", owner=owner, amount="4", reason="owed")

    wanted = accounts.of_worker(alice.pk, "available")
    assert Approval.objects.get().parameters == {"credit_account": wanted}


@pytest.mark.parametrize(
    ("into", "owner", "words"),
    [
        (
            "worker",
            "Alice",
            "More than one worker fits: Alice Johnson · {} (alice@example.com), Alice Reed · {}",
        ),
        ("worker", "", "Say whose: the worker"),
        ("worker", "Nobody", "No worker has this name, reference or email: Nobody"),
        ("platform", "Nothing", "No platform has this name, reference or email: Nothing"),
        ("fees", "Alice", "Leave this empty: the account is the house"),
        ("escrow", "", "Select a valid choice"),
    ],
)
def test_an_owner_who_is_not_one_is_refused_with_the_ways_out(source, into, owner, words):
    found = [
        WorkerFactory(full_name="Alice Johnson", email="alice@example.com"),
        WorkerFactory(full_name="Alice Reed", email="reed@example.com"),
    ]

    shown = act(member("ann").client, "adjust", source, into=into, owner=owner, amount="4", reason="owed")

    assert words.format(*(one.reference for one in found)) in text_of(shown)
    assert not Approval.objects.exists()


@pytest.mark.parametrize(("into", "owner"), [("fees", ""), ("platform", "quicktask")])
def test_an_adjustment_into_the_house_or_a_platform(source, into, owner):
    platform = PlatformFactory(name="QuickTask")
    wanted = accounts.of_house("fees") if into == "fees" else accounts.of_platform(platform.pk, "available")
    act(member("ann").client, "adjust", source, into=into, owner=owner, amount="4", reason="owed")
    assert Approval.objects.get().parameters == {"credit_account": wanted}


# --- Switches -----------------------------------------------------------------------------------------------
def test_payouts_to_a_platforms_workers_are_stopped_and_let_go_on_from_its_page():
    ann, bob, platform = member("ann"), member("bob"), PlatformFactory(name="QuickTask")
    assert "stop_payouts" in ann.client.get(admin_url(platform)).content.decode()

    act(ann.client, "stop_payouts", platform, reason="odd amounts")

    switch = PaymentSwitch.objects.get()
    assert (switch.scope, switch.subject, switch.off_by) == ("platform", str(platform.pk), str(ann.actor))
    html = ann.client.get(admin_url(platform)).content.decode()
    assert "Payouts to its workers, and its withdrawals" in html
    assert "odd amounts" in html
    assert "/act/stop_payouts/" not in html
    act(ann.client, "let_payouts_go_on", platform, reason="explained")
    (approval,) = Approval.objects.all()
    act(bob.client, "approve", approval)
    assert not PaymentSwitch.objects.filter(on_at=None).exists()
    assert "Payouts to its workers, and its withdrawals" not in text_of(ann.client.get(admin_url(platform)))


def test_an_empty_list_of_stops_says_that_payouts_are_running_and_a_filtered_one_that_nothing_fits():
    ann = member("ann")
    assert "Payouts are running" in text_of(ann.client.get(list_url(PaymentSwitch)))
    filtered = text_of(ann.client.get(list_url(PaymentSwitch, scope__exact="provider")))
    assert "Nothing here fits the search and the filters." in filtered
    assert "There is nothing in this list yet." in text_of(ann.client.get(list_url(Approval)))


def test_the_list_of_stops_names_platforms_and_their_state():
    ann, platform = member("ann"), PlatformFactory(name="QuickTask")
    payments.stop_payments(scope="platform", subject=str(platform.pk), reason="odd", by=str(ann.actor))
    payments.stop_payments(scope="provider", subject="sandbox", reason="odd", by=str(ann.actor))
    payments.let_payments_go_on(scope="provider", subject="sandbox", by=str(ann.actor))

    text = " ".join(text_of(ann.client.get(list_url(PaymentSwitch))).split())

    assert "payouts to workers of QuickTask" in text
    assert "in force" in text
    assert "payouts by sandbox" in text
    assert "ended" in text
    assert str(platform.pk) not in text


def test_who_lets_payouts_go_on_reads_how_much_waits():
    ann = member("ann")
    switch = payments.stop_payments(scope="payouts", reason="odd amounts", by=str(ann.actor))
    text = " ".join(text_of(ann.client.get(page_of_act("go_on", switch))).split())
    assert "All payouts" in text
    assert "what waits is handed to the provider: 0 transfers of 0.00 USDC now" in text


# --- Buttons ------------------------------------------------------------------------------------------------
def test_others_read_who_may_and_their_first_page_counts_only_their_own_work():
    now = database_now()
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="450", fee_bps=200, now=now)
    boss = member("boss")
    boss.does(approve_or_request, loan_id=loan.pk, reason="steady work")
    risk, finance = of_role("risk"), of_role("finance")
    (approval,) = Approval.objects.all()

    for_finance = text_of(finance.get(admin_url(approval)))
    assert "Approve and execute: needs somebody of risk." in for_finance
    assert "/act/approve/" in risk.get(admin_url(approval)).content.decode()
    card = text_of(finance.get(reverse("console:queue", args=["approvals"])))
    assert "Approve and execute: needs somebody of risk" in card

    def counted(client):
        lines = client.get(reverse("admin:index")).context["queues"]
        return {line["title"]: (line["count"], line["is_own"]) for line in lines}

    assert counted(risk)["Approvals"] == ("1", True)
    assert counted(finance)["Approvals"] == ("0", True)
    assert counted(boss.client)["Approvals"] == ("0", True)
    assert counted(finance)["Disputes"][1] is False


def test_support_reads_who_may_pause_a_stream_and_presses_nothing():
    stream, support = running_stream(now=database_now()), of_role("support")
    html = support.get(admin_url(stream)).content.decode()
    assert re.findall(r"/act/(\w+)/", html) == []
    assert "Pause: needs somebody of operations." in html
    assert "Cancel: needs somebody of operations or finance." in html
    assert told(act(member("ann").client, "pause", stream)) == ["1 stream paused."]
