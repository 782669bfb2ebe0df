"""Decisions of staff: the figures before, and the record of the reasons after."""

import re

import pytest
from django.urls import reverse

from audit.approvals import services as approvals
from audit.models import Approval, AuditLog, PersonalChange
from audit.personal_changes.calculations import digest_of
from gigstream.adminkit import admin_url, list_url
from loans.applications import services as loans
from payments import services as payments
from payments.ledger.errors import UnknownSubject
from payments.models import PaymentSwitch
from platforms.models import Platform
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, running_stream, trusted_worker
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import act, ask, member
from workers import services as workers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]

BAR = "are stopped</strong> since"


# --- Payouts that are stopped -------------------------------------------------------------------------------
def test_a_provider_that_does_not_exist_cannot_be_stopped():
    with pytest.raises(UnknownSubject):
        payments.stop_payments(scope="provider", subject="strpe", reason="odd", by="staff:1")
    assert not PaymentSwitch.objects.exists()


def test_what_is_stopped_is_chosen_from_lists_of_names():
    boss, platform = member("boss"), PlatformFactory(name="QuickTask")
    page = reverse("admin:payments_paymentswitch_act", args=["stop"])
    form = boss.client.get(page).context["form"]
    assert ("sandbox", "Sandbox") in form.fields["provider"].choices
    assert platform in form.fields["platform"].queryset

    def stop(**given):
        token = boss.client.get(page).context["token"]
        return boss.client.post(page, {"confirmed": token, "reason": "odd amounts", **given}, follow=True)

    for wrong in ({"scope": "provider", "provider": "strpe"}, {"scope": "platform"}, {"scope": "provider"}):
        stop(**wrong)
        assert not PaymentSwitch.objects.exists()
    stop(scope="platform", platform=str(platform.pk))
    assert PaymentSwitch.objects.get().subject == str(platform.pk)
    html = boss.client.get(reverse("admin:index")).content.decode()
    assert "Payouts to workers of QuickTask are stopped" in html


# --- Corrections --------------------------------------------------------------------------------------------
def correct(client, row, **given):
    return client.post(admin_url(row), given, follow=True)


def test_a_name_is_corrected_only_with_a_reason_and_both_values_are_kept():
    boss, worker = member("boss"), WorkerFactory(full_name="Henri Taylor")

    correct(boss.client, worker, full_name="Henry Taylor", reason=" ")
    worker.refresh_from_db()
    assert worker.full_name == "Henri Taylor"
    assert not PersonalChange.objects.exists()

    correct(boss.client, worker, full_name="Henry Taylor", reason="as in the passport")
    worker.refresh_from_db()
    change = PersonalChange.objects.get()
    line = AuditLog.objects.get(action="worker.edit", success=True)
    assert worker.full_name == "Henry Taylor"
    assert (change.old_value, change.new_value, change.reason) == (
        "Henri Taylor",
        "Henry Taylor",
        "as in the passport",
    )
    assert change.changed_by == str(boss.actor)
    assert line.changes_before == {"full_name": digest_of("Henri Taylor", change.salt)}
    assert line.changes_after == {"full_name": digest_of("Henry Taylor", change.salt)}
    assert "Taylor" not in str(line.metadata)


def test_a_contact_of_a_platform_is_corrected_the_same_way():
    boss, platform = member("boss"), PlatformFactory(contact_email="old@example.com")
    given = {"name": platform.name, "contact_email": "new@example.com"}

    correct(boss.client, platform, **given)
    assert Platform.objects.get().contact_email == "old@example.com"

    correct(boss.client, platform, **given, reason="they moved")
    assert Platform.objects.get().contact_email == "new@example.com"
    assert PersonalChange.objects.get().old_value == "old@example.com"


def test_an_erasure_takes_the_values_and_leaves_the_line():
    worker = WorkerFactory(full_name="Henri Taylor")
    workers.correct_worker(worker_id=worker.pk, values={"full_name": "Henry Taylor"}, reason="passport")

    workers.delete_worker(worker_id=worker.pk)

    assert not PersonalChange.objects.exists()
    assert AuditLog.objects.get(action="worker.edit").metadata["reason"] == "passport"


# --- Reasons ------------------------------------------------------------------------------------------------
def test_the_reason_stands_in_the_list_and_on_the_object():
    boss, stream = member("boss"), running_stream()
    act(boss.client, "pause", stream, reason="the site is closed")

    assert "the site is closed" in boss.client.get(list_url(AuditLog)).content.decode()
    assert "the site is closed" in whole_page(boss.client, stream)


def test_what_an_approval_does_says_who_requested_it_and_why():
    ann, bob = member("ann"), member("bob")
    platform = PlatformFactory()
    ann.does(
        payments.request_deposit,
        platform_id=platform.pk,
        amount="100",
        tx_hash="0x" + "ab" * 32,
        reason="sent by bank",
    )
    bob.does(approvals.approve, approval_id=Approval.objects.get().pk, reason="seen")

    line = AuditLog.objects.get(action="deposit", success=True)
    assert line.metadata["reason"] == "sent by bank"
    assert line.metadata["requested_by"] == str(ann.actor)
    assert line.metadata["approval"] == str(Approval.objects.get().pk)
    assert "sent by bank" in bob.client.get(list_url(AuditLog)).content.decode()


# --- Requests and buttons -----------------------------------------------------------------------------------
def test_a_second_request_for_the_same_act_is_refused_whatever_its_reason():
    ann = member("ann")
    given = {"platform_id": PlatformFactory().pk, "amount": "100"}
    ann.does(payments.request_deposit, **given, tx_hash="0x" + "ab" * 32, reason="first")
    with pytest.raises(approvals.RequestedAlready):
        ann.does(payments.request_deposit, **given, tx_hash="0x" + "ab" * 32, reason="second")
    ann.does(payments.request_deposit, **given, tx_hash="0x" + "cd" * 32, reason="another transfer")

    assert Approval.objects.count() == 2


def test_only_who_may_decide_on_the_kind_is_offered_the_buttons():
    ann = member("ann")
    ann.does(
        payments.request_deposit,
        platform_id=PlatformFactory().pk,
        amount="100",
        tx_hash="0x" + "ab" * 32,
        reason="sent",
    )
    approval = Approval.objects.get()
    may = ("audit.view_approval", "audit.approve_approval", "audit.refuse_approval")
    finance, risk = member("finance", *may, "platforms.deposit_platform"), member("risk", *may)

    def offered(client):
        return re.findall(r'href="[^"]*/act/(\w+)/', client.get(admin_url(approval)).content.decode())

    assert {"approve", "refuse"} <= set(offered(finance.client))
    assert not {"approve", "refuse"} & set(offered(risk.client))


# --- Advances -----------------------------------------------------------------------------------------------
def test_whoever_decides_on_an_advance_sees_worker_score_and_what_speaks_against_it():
    worker = trusted_worker(now=NOW)
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
    boss = member("boss")

    page = ask(boss.client, "approve", loan).content.decode()

    for words in (str(worker), "of 1000", "Forecast of 7 days", "Past advances", "Not eligible"):
        assert words in page, words
