"""The worker's view of payouts to come: the schedule, the holds with their reasons, and when the next
payout leaves."""

from datetime import timedelta

import pytest

from audit.log.context import acting_as
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.support.api.client import Api, is_problem
from tests.support.factories import WorkerFactory, sandbox, started
from workers.models import WalletChange, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return WorkerFactory()


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def earn(worker, amount, *, now=None):
    now = now or database_now()
    platforms.complete_task(task_id=started(worker, amount=amount, now=now).pk, now=now)
    return now


def next_payout(api):
    return api.get("me/balance").json()["next_payout"]


def test_a_worker_chooses_when_to_be_paid_and_is_told_when_that_is(ana, api):
    assert api.get("me/schedule").json()["payout_schedule"] == "standard"
    at = earn(ana, "0.5").replace(microsecond=0)

    answer = api.put("me/schedule", {"payout_schedule": "daily"})

    assert (answer.status_code, answer.json()["payout_schedule"]) == (200, "daily")
    coming = api.get("me/schedule").json()["next_payout"]
    assert coming["waits_for"] == "age"
    assert coming["at"].startswith((at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert Worker.objects.get(pk=ana.pk).payout_schedule == "daily"


def test_an_unknown_schedule_is_refused_and_nothing_changes(ana, api):
    for body in ({"payout_schedule": "monthly"}, {"payout_schedule": None}, {}, {"schedule": "daily"}):
        is_problem(api.put("me/schedule", body), 400, "invalid_input")
    assert Worker.objects.get(pk=ana.pk).payout_schedule == "standard"


def test_what_the_next_payout_waits_for(ana, api):
    assert next_payout(api) == {"at": None, "waits_for": "nothing_earned"}
    earn(ana, "0.09")
    assert next_payout(api) == {"at": None, "waits_for": "smallest_payout"}
    earn(ana, "0.01")
    assert next_payout(api)["waits_for"] == "age"
    earn(ana, "1")
    assert next_payout(api)["waits_for"] == "next_run"
    api.put("me/schedule", {"payout_schedule": "by_hand"})
    assert next_payout(api) == {"at": None, "waits_for": "by_hand"}
    Worker.objects.filter(pk=ana.pk).update(wallet_address=None)
    assert next_payout(api) == {"at": None, "waits_for": "no_address"}


def test_who_is_paid_by_hand_is_told_no_time_of_a_next_payout_whatever_is_in_the_way(ana, api):
    api.put("me/schedule", {"payout_schedule": "by_hand"})
    now = earn(ana, "0.09")
    assert next_payout(api) == {"at": None, "waits_for": "by_hand"}
    with acting_as("staff", "1"):
        payments.hold_payouts(
            worker_id=ana.pk, amount="0.09", reason="A look.", expires_at=now + timedelta(days=2), now=now
        )
    assert next_payout(api) == {"at": None, "waits_for": "hold"}
    WalletChange.objects.create(
        worker=ana, wallet_address="0x" + "ab" * 20, created_at=now, effective_at=now + timedelta(days=1)
    )
    assert next_payout(api) == {"at": None, "waits_for": "address_change"}


def test_a_worker_reads_what_is_held_why_and_until_when(ana, api):
    now = earn(ana, "10")
    with acting_as("staff", "1"):
        payments.hold_payouts(
            worker_id=ana.pk,
            amount="4",
            reason="The address is looked at.",
            expires_at=now + timedelta(days=2),
            now=now,
        )

    shown = api.get("me/balance").json()
    assert (shown["available"], shown["held"]) == ("10.000000", "4.000000")
    (hold,) = shown["holds"]
    assert (hold["kind"], hold["amount"], hold["reason"]) == (
        "staff",
        "4.000000",
        "The address is looked at.",
    )
    is_problem(api.post("me/payouts", {"amount": "7"}), 409, "money_held")
    assert api.post("me/payouts").json()["amount"] == "6.000000"
    assert next_payout(api)["waits_for"] == "hold"


def test_a_worker_whose_address_is_refused_is_told_so(ana, api, settings, mailoutbox):
    settings.SANDBOX_BLOCKLIST = [ana.wallet_address]
    now = earn(ana, "10")
    payments.create_due_payouts(now=now)
    payments.submit_payouts(now=now, provider=sandbox(now))
    later = now + timedelta(minutes=2)
    payments.poll_settlements(now=later, provider=sandbox(later))

    (payout,) = api.get("me/payouts").json()["items"]
    assert (payout["status"], payout["held_until"]) == ("failed", None)
    assert payout["held_because"] == "Your payout address cannot be paid to: name another address."
    assert api.get("me/balance").json()["held"] == "10.000000"
    assert next_payout(api) == {"at": None, "waits_for": "hold"}

    assert payments.send_hold_notices(now=later) == 1
    assert payments.send_hold_notices(now=later) == 0
    (letter,) = mailoutbox
    assert letter.to == [ana.email]
    assert "name another address" in letter.body


def test_what_a_payout_carries_is_counted(ana, api):
    for _ in range(3):
        earn(ana, "0.5")
    payout = api.post("me/payouts").json()
    assert payout["cashed_out"] is True
    shown = api.get(f"me/payouts/{payout['id']}").json()
    assert ([part["amount"] for part in shown["covers"]], shown["covers_count"]) == (["0.500000"] * 3, 3)
    assert Transaction.objects.get(pk=payout["id"]).cashed_out
