"""The context of decisions: who, how much, why it waits, history, and reasons against it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Approval
from gigstream.adminkit import admin_url
from gigstream.adminkit.actions import context_of
from gigstream.console.queues import BY_SLUG
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.models import Loan
from payments import services as payments
from payments.models import (
    ChainOperation,
    Discrepancy,
    ObservedTransfer,
    PayoutHold,
    SettlementAttempt,
    Stream,
    Transaction,
)
from platforms import services as platforms
from platforms.models import Dispute
from reputation.models import QuestEvent, Submission
from tests.support.database.valid_rows import columns_of, in_status, insert, valid
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    running_stream,
    seconds,
    started,
    trusted_worker,
)
from tests.support.pages.addresses import text_of
from tests.support.pages.admin import act, member, page_of_act
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


def lines(row):
    """Return the context of the row as labels and texts; the last text of a label counts."""
    return {line.label: str(line.text) for line in context_of([row])[row.pk]}


def against(row):
    return [line.label for line in context_of([row])[row.pk] if line.is_against]


def worker_score(worker):
    return Worker.objects.get(pk=worker.pk).reputation_score


def card(client, slug):
    return text_of(client.get(reverse("console:queue", args=[slug])))


# --- Advances -----------------------------------------------------------------------------------------------
def test_an_advance_shows_score_forecast_exposure_and_history_on_card_confirmation_and_approval():
    now = database_now()
    worker = trusted_worker(now=now)
    loan = loans.request_loan(worker_id=worker.pk, amount="450", fee_bps=200, now=now)
    ann, bob = member("ann"), member("bob")

    asked = text_of(ann.client.get(page_of_act("approve", loan)))
    on_card = card(ann.client, "loans")
    act(ann.client, "approve", loan, reason="steady work")
    approval = Approval.objects.get()
    decided = text_of(bob.client.get(page_of_act("approve", approval)))

    for text in (asked, on_card, decided):
        for words in (str(worker), "Score now", "of 1000", "Forecast of 7 days", "Past advances", "0 repaid"):
            assert words in text, words
        assert "450.00 USDC, owes 459.00 USDC with the fee" in text
    assert "Made of" in asked
    assert "Made of" not in on_card
    assert f"reputation {0.3 * worker_score(worker):.0f} of 300" in asked
    for words in ("Requested by ann", "Because steady work", "Terms"):
        assert words in " ".join(decided.split()), words


def test_what_speaks_against_an_advance_is_marked_and_its_own_request_does_not():
    now = database_now()
    worker = trusted_worker(now=now)
    good = loans.request_loan(worker_id=worker.pk, amount="2", fee_bps=200, now=now)
    poor = loans.request_loan(worker_id=WorkerFactory(now=now).pk, amount="20", fee_bps=200, now=now)

    assert [line for line in context_of([good])[good.pk] if line.is_against] == []
    marked = [line for line in context_of([poor])[poor.pk] if line.is_against]
    reasons = [str(line.text) for line in marked if line.label == "Not eligible because"]
    assert any("at least 600 is needed" in reason for reason in reasons)
    assert not any("another loan" in reason for reason in reasons)
    page = member("ann").client.get(page_of_act("approve", poor)).content.decode()
    assert 'class="against"><dt>Not eligible because</dt>' in page


# --- Disputes -----------------------------------------------------------------------------------------------
def test_a_dispute_shows_both_sides_what_is_held_what_splits_pay_and_what_they_do_to_the_reputation():
    task = started(amount="40", due_at=NOW + timedelta(days=1), now=NOW)
    dispute = platforms.dispute_task(task_id=task.pk, severity=2, reason="half is missing", now=NOW)
    ann = member("ann")

    text = " ".join(text_of(ann.client.get(page_of_act("resolve", dispute))).split())

    for words in (
        str(task.worker),
        str(task.platform),
        "half is missing",
        "severity 2 of 5",
        "Still held 40.00 USDC",
        f"At 0 % 0.00 USDC to {task.worker}, 40.00 USDC and its fee back to {task.platform}",
        f"At 50 % 20.00 USDC to {task.worker}, 20.00 USDC and its fee back",
        "if the worker was right +15, if the platform was right -20, if nobody was wrong 0",
        "Nobody was wrong: it counts against neither side",
    ):
        assert words in text, words
    assert "Still held" in card(ann.client, "disputes")


@pytest.mark.parametrize(("outcome", "moved"), [("nobody", 0), ("platform", -20), ("worker", 10)])
def test_the_reputation_moves_as_the_page_has_said(outcome, moved):
    worker = WorkerFactory()
    dispute = platforms.dispute_task(
        task_id=started(worker, amount="40").pk, severity=2, reason="late", now=database_now()
    )
    said = lines(dispute)["Reputation"]

    act(member("ann").client, "resolve", dispute, outcome=outcome, worker_amount="20", reason="heard both")

    assert Worker.objects.get(pk=worker.pk).reputation_score == 500 + moved
    assert {"nobody": "if nobody was wrong 0", "platform": "platform was right -20"}.get(
        outcome, "worker was right +10"
    ) in said
    assert Dispute.objects.get().outcome == outcome


# --- Transfers and holds ------------------------------------------------------------------------------------
def payout_of(worker, amount="10"):
    platforms.complete_task(task_id=started(worker, amount=amount).pk)
    return payments.cash_out(worker_id=worker.pk)


def test_a_payout_shows_wallet_and_its_age_earlier_transfers_the_last_answer_and_holds():
    worker = WorkerFactory()
    payout = payout_of(worker)
    now = database_now()
    call = {"number": 1, "service": "sandbox", "operation": "transfer", "state": "STUCK"}
    SettlementAttempt.objects.create(
        transaction=payout, **call, started_at=now - seconds(9), ended_at=now, milliseconds=1
    )

    found = lines(payout)

    assert found["Goes to"] == worker.wallet_address
    assert found["Earlier transfers"] == "0 for 0.00 USDC, 0 failed"
    assert found["Provider's last answer"].startswith("STUCK to call 1")
    assert "Earlier transfers" in against(payout)
    ann = member("ann")
    act(ann.client, "hold_payouts", worker, reason="an odd wallet")
    page = text_of(ann.client.get(admin_url(payout)))
    assert "everything since" in page
    assert "an odd wallet" in page
    assert "an odd wallet" in text_of(ann.client.get(page_of_act("cancel", payout)))


def test_a_wallet_that_is_new_speaks_against_a_payout_and_an_old_one_does_not():
    old, new = WorkerFactory(), WorkerFactory()
    Worker.objects.filter(pk=old.pk).update(wallet_proved_at=database_now() - timedelta(days=40))
    Worker.objects.filter(pk=new.pk).update(wallet_proved_at=database_now() - timedelta(days=2))

    assert "That wallet is theirs" not in against(payout_of(old))
    assert "That wallet is theirs" in against(payout_of(new))


def test_a_hold_says_whose_money_it_keeps_and_its_list_whether_it_is_in_force():
    ann, bob, worker = member("ann"), member("bob"), WorkerFactory()
    payout_of(worker)
    act(ann.client, "hold_payouts", worker, days="3", reason="an odd wallet")
    hold = PayoutHold.objects.get()

    assert lines(hold)["Keeps"].startswith("<bdi>everything since")
    listed = reverse("admin:payments_payouthold_changelist")
    assert "in force" in text_of(ann.client.get(listed))
    assert "an odd wallet" in text_of(ann.client.get(admin_url(worker)))
    act(bob.client, "end", hold, reason="explained")
    assert "ended: staff" in text_of(ann.client.get(listed))
    assert "everything since" not in text_of(ann.client.get(admin_url(worker)))


def test_what_has_vested_and_what_goes_back_stands_on_the_page_that_cancels_a_stream():
    now = database_now()
    stream = running_stream(total="100", now=now - timedelta(seconds=90))
    text = text_of(member("ann").client.get(page_of_act("cancel", stream)))

    due = Decimal(lines(stream)["Vested and not paid yet"].removesuffix(" USDC"))
    assert due > 0
    assert "which has vested, is paid at once" in text
    assert "with its fee is the platform's again" in text
    assert str(stream.platform) in text


def test_support_sees_no_wallet_in_a_context():
    payout = payout_of(WorkerFactory())
    support = member("sue", "payments.view_transaction", "payments.cancel_transaction")

    page = support.client.get(page_of_act("cancel", payout))

    assert page.status_code == 200
    assert payout.to_wallet not in page.content.decode()


# --- Every queue --------------------------------------------------------------------------------------------
def one_of_each():
    """Insert a row into each queue with a context of its own; return the rows by queue."""
    now = database_now()
    return {
        "disputes": platforms.dispute_task(task_id=started(now=NOW).pk, severity=2, reason="late", now=NOW),
        "loans": loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200, now=NOW),
        "payouts": insert(valid(Transaction, next_attempt_at=None)),
        "failed": insert(valid(Transaction, **columns_of(Transaction, "failed") | {"created_at": now})),
        "submissions": insert(in_status(Submission, "pending")),
        "rewards": insert(in_status(QuestEvent, "held")),
        "streams": insert(valid(Stream, next_release_at=None, parked_at=now)),
        "operations": insert(valid(ChainOperation, **columns_of(ChainOperation, "dead") | {"ended_at": now})),
        "discrepancies": insert(valid(Discrepancy, transaction=None, resolved_at=None)),
        "approvals": insert(valid(Approval)),
    }


def test_each_card_has_a_context_and_the_number_of_statements_does_not_grow():
    client = member("ann").client
    first = one_of_each()

    def statements(slug):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(reverse("console:queue", args=[slug]))
        return response.context["rows"], len(captured)

    before = {slug: statements(slug) for slug in first}
    for _ in range(3):
        one_of_each()
    after = {slug: statements(slug) for slug in first}

    assert [slug for slug, (rows, _) in before.items() if not rows[0]["context"]] == []
    assert {slug: len(rows) for slug, (rows, _) in after.items()} == dict.fromkeys(first, 4)
    assert {slug: count for slug, (_, count) in after.items()} == {
        slug: count for slug, (_, count) in before.items()
    }
    assert set(BY_SLUG) - set(first) == {"webhooks", "deliveries"}


def test_a_held_reward_and_a_submission_show_evidence_and_the_workers_record():
    event = insert(in_status(QuestEvent, "held"))
    submission = insert(in_status(Submission, "pending"))

    assert "Held because" in against(event)
    for row in (event, submission):
        found = lines(row)
        assert str(row.quest) in found["Quest"]
        assert str(row.worker) in found["Worker"]
        assert "rewards of quests granted" in found["Rewards so far"]


def test_a_discrepancy_says_what_it_means_and_how_each_side_has_it():
    row = insert(
        valid(
            Discrepancy,
            transaction=None,
            resolved_at=None,
            bucket="amount_differs",
            ours={"amount": "10"},
            theirs={"amount": "9"},
            chain=None,
        )
    )
    found = lines(row)
    assert found["Means"] == "the provider or the chain has another amount than the ledger"
    assert (found["Ledger"], found["Provider"]) == ("<bdi>amount 10</bdi>", "<bdi>amount 9</bdi>")
    assert found["Chain"] == "<bdi>nothing</bdi>"


def test_a_transfer_that_nobody_could_place_shows_what_arrived_and_platforms_are_chosen_by_name():
    platform = PlatformFactory(name="QuickTask")
    row = insert(valid(ObservedTransfer, status="unknown_platform", tx_hash=f"0x{78:064x}", amount=3))

    page = member("ann").client.get(page_of_act("credit", row))

    assert lines(row)["Arrived"].startswith("3.00 USDC in block")
    assert platform in page.context["form"].fields["platform"].queryset
    assert Loan.objects.count() == 0
