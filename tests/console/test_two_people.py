"""Requests that wait for a second person: on the pages of their rows, and offered once."""

import re

import pytest
from django.urls import reverse

from audit.approvals import services as approvals
from audit.approvals.errors import RequestedAlready
from audit.limits import services as limits
from audit.models import Approval, LimitChange
from gigstream.adminkit import admin_url
from gigstream.core.clock import database_now
from loans.applications import services as loans
from payments import services as payments
from payments.ledger.services import accounts
from payments.models import ObservedTransfer, Transaction
from payments.settlement.deposits.errors import CreditedAlready
from platforms import services as platforms
from tests.support.database.valid_rows import insert, valid
from tests.support.decisions import resolve_dispute
from tests.support.factories import PlatformFactory, WorkerFactory, balance, running_stream
from tests.support.pages.addresses import text_of
from tests.support.pages.admin import act, member, page_of_act, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
HASH = "0x" + "ab" * 32


def offered(client, row):
    return set(re.findall(r'href="[^"]*/act/(\w+)/', client.get(admin_url(row)).content.decode()))


def in_queue(client, slug):
    return [row["pk"] for row in client.get(reverse("console:queue", args=[slug])).context["rows"]]


# --- On the row ---------------------------------------------------------------------------------------------
def test_a_cancellation_that_waits_stands_on_stream_and_task_and_is_offered_on_neither():
    ann, bob = member("ann"), member("bob")
    stream = running_stream(total="900", now=database_now())
    assert "cancel" in offered(ann.client, stream) & offered(ann.client, stream.task)

    act(ann.client, "cancel", stream, reason="the contract ended")

    for row in (stream, stream.task):
        text = " ".join(text_of(bob.client.get(admin_url(row))).split())
        assert "waits for a second person" in text
        assert "requested by ann on" in text
        assert "the contract ended" in text
        assert "cancel" not in offered(bob.client, row)
    page = bob.client.get(page_of_act("cancel", stream.task))
    assert "requested by ann already" in text_of(page)
    assert not page.context["is_possible"]
    again = act(bob.client, "cancel", stream.task)
    assert "was requested for this already" in told(again)[0]
    assert Approval.objects.count() == 1


def test_rows_with_a_request_wait_in_the_queue_of_approvals_alone():
    ann, now = member("ann"), database_now()
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="450", fee_bps=200, now=now)
    task = running_stream(total="800", now=now).task
    dispute = platforms.dispute_task(task_id=task.pk, severity=1, reason="late", now=now)
    assert (in_queue(ann.client, "loans"), in_queue(ann.client, "disputes")) == ([loan.pk], [dispute.pk])

    act(ann.client, "approve", loan)
    act(ann.client, "resolve", dispute, outcome="platform", worker_amount="100")

    assert (in_queue(ann.client, "loans"), in_queue(ann.client, "disputes")) == ([], [])
    assert len(in_queue(ann.client, "approvals")) == 2
    for row in (loan, dispute):
        assert "waits for a second person" in text_of(ann.client.get(admin_url(row)))


def test_what_waits_for_a_platform_or_a_worker_stands_on_their_pages():
    ann, platform, worker = member("ann"), PlatformFactory(), WorkerFactory()
    act(ann.client, "set_fee", platform, fee_bps="150", reason="agreed")
    act(ann.client, "deposit", platform, amount="25", tx_hash=HASH, reason="seen on the chain")
    act(ann.client, "reward", worker, amount="5000", reason="a finder")

    page = text_of(ann.client.get(admin_url(platform)))
    assert "Change of a platform" in page
    assert "seen on the chain" in page
    # Another deposit is another transfer.
    assert {"deposit", "set_fee"} & offered(ann.client, platform) == {"deposit"}
    assert "a finder" in text_of(ann.client.get(admin_url(worker)))


def test_the_requests_page_names_who_what_how_much_and_before_and_after():
    ann, bob, platform, worker = member("ann"), member("bob"), PlatformFactory(funds="10"), WorkerFactory()
    stream = running_stream(total="900", now=database_now())
    act(ann.client, "cancel", stream, reason="the contract ended")
    act(ann.client, "set_fee", platform, fee_bps="150")
    source = platform.accounts.get(name="available")
    act(ann.client, "adjust", source, into="worker", owner=worker.email, amount="4", reason="owed")
    cancelled, fee, adjusted = Approval.objects.order_by("requested_at")

    texts = [
        " ".join(text_of(bob.client.get(page_of_act("approve", one))).split())
        for one in (cancelled, fee, adjusted)
    ]

    for words in (stream.task.title, str(stream.worker), str(stream.platform), "And back goes", "ended now"):
        assert words in texts[0], words
    assert "Fee 2 % → 1.5 %" in texts[1]
    assert (
        f"available of {platform} · {platform.reference} (account {source.pk}): 10.00 USDC → 6.00 USDC"
        in texts[2]
    )
    assert f"available of {worker}" in texts[2]
    assert "0.00 USDC → 4.00 USDC" in texts[2]
    queue = text_of(bob.client.get(reverse("console:queue", args=["approvals"])))
    for words in (stream.task.title, str(platform), "2 % → 1.5 %"):
        assert words in queue


# --- Without effect -----------------------------------------------------------------------------------------
def test_a_transfer_is_requested_once_by_any_way_and_not_when_it_is_on_the_books():
    ann, bob = member("ann"), member("bob")
    platform, other = PlatformFactory(), PlatformFactory()
    strange = insert(valid(ObservedTransfer, status="unknown_platform", tx_hash=HASH, amount=3))
    given = {"amount": "25", "tx_hash": HASH, "reason": "seen"}
    ann.does(payments.request_deposit, platform_id=platform.pk, **given)

    with pytest.raises(RequestedAlready, match="ann has requested to credit this transfer already"):
        bob.does(payments.request_deposit, platform_id=other.pk, **given)
    with pytest.raises(RequestedAlready):
        bob.does(payments.request_credit, observed_id=strange.pk, platform_id=other.pk, reason="x")
    bob.does(approvals.approve, approval_id=Approval.objects.get().pk)
    with pytest.raises(CreditedAlready, match=r"25\.00 USDC for"):
        ann.does(payments.request_deposit, platform_id=other.pk, **given)

    assert (balance(platform, "available"), balance(other, "available")) == (25, 0)
    assert Approval.objects.count() == 1


def test_an_approval_of_a_transfer_that_was_credited_meanwhile_says_so_before_and_after():
    ann, bob, platform = member("ann"), member("bob"), PlatformFactory()
    act(ann.client, "deposit", platform, amount="25", tx_hash=HASH, reason="the node was away")
    approval = Approval.objects.get()
    payments.book_deposit(platform_id=platform.pk, amount="25", tx_hash=HASH)

    before = bob.client.get(page_of_act("approve", approval))
    (after,) = told(act(bob.client, "approve", approval))

    assert "it changes nothing: this transfer is on the books already: 25.00 USDC" in text_of(before)
    assert "could not be done: this transfer is on the books already" in after
    approval.refresh_from_db()
    assert approval.executed_at is None
    assert Transaction.objects.filter(type="deposit").count() == 1
    assert balance(platform, "available") == 25


def obstacle(approval):
    return approvals.obstacles_to([approval]).get(approval.pk, "")


def test_each_kind_says_when_its_request_would_change_nothing():
    ann, now, platform = member("ann"), database_now(), PlatformFactory(funds="9")
    stream = running_stream(total="900", now=now)
    disputed = platforms.dispute_task(
        task_id=running_stream(total="800", now=now).task_id, severity=1, reason="late", now=now
    )
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="450", fee_bps=200, now=now)
    limits.list_limits()
    limit = LimitChange.objects.get(name="payout_minimum")
    switch = payments.stop_payments(scope="payouts", reason="odd", by=str(ann.actor))
    act(ann.client, "cancel", stream)
    act(ann.client, "resolve", disputed, outcome="platform", worker_amount="1")
    act(ann.client, "approve", loan)
    act(ann.client, "set_fee", platform, fee_bps="150")
    act(ann.client, "set", limit, value="2.5")
    act(ann.client, "go_on", switch)
    account = platform.accounts.get(name="available")
    act(ann.client, "adjust", account, into="fees", owner="", amount="8")
    asked = {one.kind: one for one in Approval.objects.all()}
    assert len(asked) == 7
    assert [kind for kind, one in asked.items() if obstacle(one)] == []

    platforms.cancel_task(task_id=stream.task_id)
    resolve_dispute(task_id=disputed.task_id, outcome="nobody", worker_amount="1")
    loans.reject_loan(loan_id=loan.pk, reason="no")
    platforms.set_fee(platform_id=platform.pk, fee_bps=150, reason="by contract")
    changed = {"value": "2.5", "changed_by": "x", "changed_at": now, "approval": asked["limit.change"]}
    LimitChange(name="payout_minimum", **changed).save()
    payments.let_payments_go_on(scope="payouts", by="x")
    payments.adjust(
        debit_account=account.pk,
        credit_account=accounts.of_house("fees"),
        amount="5",
        reason="x",
        requested_by="1",
        approved_by="2",
        key="k",
    )

    assert {kind: obstacle(one) for kind, one in asked.items()} == {
        "task.cancel": "it changes nothing: the task is cancelled",
        "task.resolve": "it changes nothing: no dispute is open, the task is cancelled",
        "loan.approve": "it changes nothing: the loan is cancelled already",
        "platform.set_fee": "it changes nothing: the fee is 1.5 % already",
        "limit.change": "it changes nothing: the limit is 2.5 USDC already",
        "payments.go_on": "it changes nothing: they go on already",
        "ledger.adjust": "it is refused: the account has 4.00 USDC",
    }
