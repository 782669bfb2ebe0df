"""Moves of money by hand: requested by one person, executed as it was approved by another."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from audit.approvals import services as approvals
from audit.approvals.errors import DecidedAlready, NotPermitted, PayloadChanged, SamePerson
from audit.approvals.jobs import expire_approvals
from audit.limits import services as limits
from audit.limits.errors import InvalidLimit
from audit.models import Approval, AuditLog
from audit.notices import letters
from gigstream.core.clock import database_now
from payments import services as payments
from payments.ledger.services import accounts
from payments.models import LedgerEntry, ObservedTransfer, PaymentSwitch, Transaction
from payments.settlement.payouts.limits import PAYOUT_MINIMUM
from platforms import services as platforms
from platforms.models import Platform
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    house_balance,
    running_stream,
    seconds,
    started,
)
from tests.support.pages.admin import act, answer, ask, member, told

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("without_the_menu"),
    pytest.mark.usefixtures("books_balance_after_each"),
]
HASH = f"0x{77:064x}"


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def bob():
    return member("bob")


def deposit_asked_for(one, platform=None, amount="25"):
    platform = platform or PlatformFactory()
    return one.does(
        payments.request_deposit, platform_id=platform.pk, amount=amount, tx_hash=HASH, reason="seen", now=NOW
    )


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


# --- From request to act, through the pages ----------------------------------------------------------------
def test_a_deposit_by_hand_is_asked_for_by_one_and_booked_when_another_approves_it(ann, bob):
    platform = PlatformFactory()
    asked = ask(ann.client, "deposit", platform)
    bad = answer(ann.client, asked, amount="25", tx_hash="0x77", reason="the node was away")
    assert "Enter a valid value" in bad.content.decode()

    first = answer(ann.client, bad, amount="25", tx_hash=HASH, reason="the node was away")

    approval = Approval.objects.get()
    assert "Deposit by hand waits for a second person" in told(first)[0]
    assert balance(platform, "available") == 0
    assert (approval.requested_by, approval.amount) == (str(ann.actor), 25)
    own = act(ann.client, "approve", approval, reason="quick")
    assert "another person decides" in told(own)[0]
    page = bob.client.get(reverse("admin:audit_approval_change", args=[approval.pk])).content.decode()
    for words in ("25.00 USDC", HASH, "the node was away", "/act/approve/", "/act/refuse/"):
        assert words in page
    assert "/act/withdraw/" not in page

    asked = ask(bob.client, "approve", approval)
    for words in ("25.00 USDC", HASH, "the node was away", "ann"):
        assert words in asked.content.decode()
    done = answer(bob.client, asked, reason="I see it too")
    assert "was approved and done" in told(done)[0]
    assert "not again" in told(answer(bob.client, asked, reason="I see it too"))[0]
    assert "was approved by" in told(act(bob.client, "approve", approval))[0]

    assert balance(platform, "available") == 25
    approval.refresh_from_db()
    made = Transaction.objects.get(type="deposit")
    assert (approval.decision, approval.decided_by, approval.error) == ("approved", str(bob.actor), "")
    assert approval.outcome == {"transaction": str(made.pk)}
    lines = AuditLog.objects.filter(resource_type="approval", resource_id=approval.pk, success=True)
    assert [(line.action, line.actor_id, line.metadata["reason"]) for line in lines.order_by("id")] == [
        ("approval.request", str(ann.user.pk), "the node was away"),
        ("approval.approve", str(bob.user.pk), "I see it too"),
    ]
    trail = AuditLog.objects.filter(resource_type="platform", resource_id=platform.pk, success=True)
    assert {"approval.request", "approval.approve", "deposit"} <= set(trail.values_list("action", flat=True))


def test_every_kind_is_asked_for_and_done_through_the_pages(ann, bob):
    platform, worker = PlatformFactory(funds="2000"), WorkerFactory()
    available = platform.accounts.get(name="available")
    now = database_now()
    stream = running_stream(total="900", platform=platform, now=now)
    disputed = running_stream(total="800", platform=platform, now=now).task
    dispute = platforms.dispute_task(task_id=disputed.pk, severity=1, reason="late", now=now)
    strange = insert(valid(ObservedTransfer, status="unknown_platform", tx_hash=f"0x{78:064x}", amount=3))
    act(ann.client, "set_fee", platform, fee_bps="150")
    act(ann.client, "adjust", available, into="worker", owner=worker.email, amount="1.5")
    act(ann.client, "cancel", stream)
    act(ann.client, "resolve", dispute, outcome="platform", worker_amount="100")
    act(ann.client, "credit", strange, platform=str(platform.pk))
    client = ann.client
    limits.list_limits()
    listed = client.get(reverse("admin:audit_limitchange_changelist")).context["cl"].result_list
    act(client, "set", next(row for row in listed if row.name == "payout_minimum"), value="2.5")
    asked = client.get(reverse("admin:payments_paymentswitch_act", args=["stop"]))
    answer(client, asked, scope="payouts", subject="", reason="a look at the books")
    switch = PaymentSwitch.objects.get()
    assert (switch.off_by, switch.on_at) == (str(ann.actor), None)
    act(client, "go_on", switch)

    waiting = list(Approval.objects.order_by("requested_at"))
    assert [one.kind for one in waiting] == [
        "platform.set_fee",
        "ledger.adjust",
        "task.cancel",
        "task.resolve",
        "deposit.credit_observed",
        "limit.change",
        "payments.go_on",
    ]
    assert Platform.objects.get(pk=platform.pk).fee_bps == 200
    done = told(act(bob.client, "approve", *waiting))
    assert len(done) == 7
    assert all("was approved and done" in text for text in done)

    assert [one.error for one in Approval.objects.all()] == [""] * 7
    assert Platform.objects.get(pk=platform.pk).fee_bps == 150
    assert balance(worker, "available") == Decimal("1.5")
    entry = LedgerEntry.objects.get(kind="adjustment")
    assert (entry.adjustment.requested_by, entry.adjustment.approved_by) == (str(ann.actor), str(bob.actor))
    stream.refresh_from_db()
    dispute.refresh_from_db()
    strange.refresh_from_db()
    switch.refresh_from_db()
    assert (stream.status, dispute.outcome, dispute.worker_amount) == ("cancelled", "platform", 100)
    assert (strange.status, strange.platform_id) == ("credited", platform.pk)
    assert (switch.on_by, PAYOUT_MINIMUM.value) == (str(bob.actor), Decimal("2.5"))
    assert house_balance("outside") < 0


def test_a_small_refund_is_one_persons_to_give(ann):
    stream = running_stream(total="100", now=database_now())
    assert told(act(ann.client, "cancel", stream)) == ["1 stream cancelled."]
    assert not Approval.objects.exists()


# --- Who may -----------------------------------------------------------------------------------------------
def test_only_members_of_staff_with_the_permission_of_the_kind_decide(ann):
    asked = deposit_asked_for(ann)
    loans_only = member("eve", "audit.approve_approval", "loans.approve_loan")
    maker_only = member("max", "platforms.deposit_platform")
    for one in (loans_only, maker_only):
        for verb in (approvals.approve, approvals.refuse):
            with pytest.raises(NotPermitted):
                one.does(verb, approval_id=asked.pk, reason="so", now=NOW)
    with pytest.raises(NotPermitted):
        deposit_asked_for(loans_only)
    with pytest.raises(NotPermitted, match="others approve or refuse"):
        maker_only.does(approvals.withdraw, approval_id=asked.pk, now=NOW)
    checker = member("liv", "audit.approve_approval", "platforms.deposit_platform")
    checker.user.is_active = False
    checker.user.save()
    with pytest.raises(NotPermitted):
        checker.does(approvals.approve, approval_id=asked.pk, now=NOW)
    with pytest.raises(NotPermitted):
        approvals.approve(approval_id=asked.pk, now=NOW)
    assert not Transaction.objects.exists()

    checker.user.is_active = True
    checker.user.save()
    assert checker.does(approvals.approve, approval_id=asked.pk, now=NOW).error == ""


def test_nobody_approves_their_own_request_not_even_past_the_application(ann):
    asked = deposit_asked_for(ann)
    assert ann.user.is_superuser
    for verb in (approvals.approve, approvals.refuse):
        with pytest.raises(SamePerson, match=f"^{ann.user.username} requested it"):
            ann.does(verb, approval_id=asked.pk, reason="mine", now=NOW)
    with pytest.raises(IntegrityError, match="approval_by_two_people"), transaction.atomic():
        execute(
            "UPDATE approvals SET decision = 'approved', decided_by = requested_by,"
            " decided_at = requested_at, executed_at = requested_at WHERE id = %s",
            asked.pk,
        )

    ann.does(approvals.withdraw, approval_id=asked.pk, reason="found it", now=NOW)
    asked.refresh_from_db()
    assert (asked.decision, asked.executed_at) == ("withdrawn", None)


# --- Kinds and their ends -----------------------------------------------------------------------------------
def test_what_was_asked_for_cannot_be_changed_and_is_not_executed_if_it_was(ann, bob):
    asked = deposit_asked_for(ann)
    change = "UPDATE approvals SET amount = 2500 WHERE id = %s"
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        execute(change, asked.pk)
    execute("ALTER TABLE approvals DISABLE TRIGGER USER")
    execute(change, asked.pk)
    execute("ALTER TABLE approvals ENABLE TRIGGER USER")

    with pytest.raises(PayloadChanged):
        bob.does(approvals.approve, approval_id=asked.pk, now=NOW)
    assert not Transaction.objects.exists()
    assert Approval.objects.get().decision is None


def test_after_a_day_it_cannot_be_approved_and_the_job_closes_it(ann, bob):
    asked = deposit_asked_for(ann)
    late = NOW + timedelta(hours=24)
    assert approvals.expire_approvals(now=late - seconds(0.000001)) == 0
    with pytest.raises(DecidedAlready, match="could be decided until"):
        bob.does(approvals.approve, approval_id=asked.pk, now=late)
    assert not Transaction.objects.exists()

    assert expire_approvals() == 1
    assert expire_approvals() == 0
    with pytest.raises(DecidedAlready, match="was expired by system"):
        bob.does(approvals.approve, approval_id=asked.pk, now=NOW)
    assert AuditLog.objects.filter(action="approval.expire", resource_type="approval").count() == 1
    again = deposit_asked_for(ann, Platform.objects.get())
    assert bob.does(approvals.approve, approval_id=again.pk, now=NOW).executed_at == NOW


def test_an_act_that_its_service_refuses_uses_the_approval_up_and_moves_nothing(ann, bob):
    platform, worker = PlatformFactory(funds="5"), WorkerFactory()
    ids = [accounts.of_platform(platform.pk, "available"), accounts.of_worker(worker.pk, "available")]
    asked = ann.does(
        payments.request_adjustment,
        debit_account=ids[0],
        credit_account=ids[1],
        amount="9",
        reason="owed",
        now=NOW,
    )

    failed = bob.does(approvals.approve, approval_id=asked.pk, reason="yes", now=NOW)

    assert (failed.decision, failed.executed_at) == ("approved", None)
    assert "available 5.00" in failed.error
    assert (balance(platform, "available"), balance(worker, "available")) == (5, 0)
    assert AuditLog.objects.get(action="approval.approve", resource_type="approval").success is False
    with pytest.raises(DecidedAlready):
        bob.does(approvals.approve, approval_id=asked.pk, now=NOW)


# --- Limits, switches, letters -----------------------------------------------------------------------------
def test_a_limit_is_what_the_environment_says_until_two_have_changed_it(ann, bob, settings):
    settings.PAYOUT_MINIMUM = "4"
    assert PAYOUT_MINIMUM.value == 4
    for value in ("0", "-1", "1e3", "x"):
        with pytest.raises(InvalidLimit):
            ann.does(limits.request_change, name="payout_minimum", value=value, reason="so", now=NOW)

    for value, holds in (("2.50", Decimal("2.5")), ("", 4)):
        asked = ann.does(limits.request_change, name="payout_minimum", value=value, reason="fees", now=NOW)
        bob.does(approvals.approve, approval_id=asked.pk, now=NOW)
        assert PAYOUT_MINIMUM.value == holds
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="3").pk, now=NOW)
    assert payments.create_due_payouts(now=NOW) == 0
    settings.PAYOUT_MINIMUM = "3"
    platforms.complete_task(task_id=started(worker, amount="0.1").pk, now=NOW)
    assert payments.create_due_payouts(now=NOW) == 1


def test_the_operator_stops_payouts_alone_and_asks_to_let_them_go_on(bob, capsys):
    call_command("payouts", "stop", reason="odd amounts", by="sam")
    call_command("payouts", "go-on", reason="explained", by="sam")
    (asked,) = Approval.objects.all()
    assert str(asked.pk) in capsys.readouterr().out
    assert PaymentSwitch.objects.filter(on_at=None).exists()

    bob.does(approvals.approve, approval_id=asked.pk)

    assert PaymentSwitch.objects.get().on_by == str(bob.actor)


def test_who_may_decide_and_who_asked_have_emails(ann, bob):
    member("eve", "audit.approve_approval")
    asked = deposit_asked_for(ann)
    assert (letters.send_notice_letters(), letters.send_notice_letters()) == (1, 0)
    assert [(one.to, one.subject) for one in mail.outbox] == [([bob.user.email], "A request waits for you")]
    assert "Deposit by hand, 25.00 USDC." in mail.outbox[0].body
    assert f"Requested by \u2068{ann.user.username}\u2069." in mail.outbox[0].body
    assert "http" not in mail.outbox[0].body

    bob.does(approvals.refuse, approval_id=asked.pk, reason="not on chain", now=NOW)
    letters.send_notice_letters()
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([ann.user.email], "Your request is decided")
    assert f"refused by \u2068{bob.user.username}\u2069." in mail.outbox[-1].body
