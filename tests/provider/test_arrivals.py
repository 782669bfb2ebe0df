"""Notifications at our door: kept first, believed by their signature, and then only a reason to look."""

import pytest

from gigstream.lib.clock import database_now
from payments import services as payments
from payments.models import LedgerEntry, ProviderNotification, Transaction
from payments.provider.connection import connected
from platforms import services as platforms
from tests.books import violated
from tests.factories import PlatformFactory, WorkerFactory, seconds, started

pytestmark = pytest.mark.django_db

DOOR = "/provider/circle/notifications"


@pytest.fixture(autouse=True)
def by_circle(circle_pays):
    """Every payout here is Circle's."""


def submitted():
    """One payout that the provider has taken, now: the door goes by the database's clock."""
    task = started(WorkerFactory(), platform=PlatformFactory(funds="1000"), amount="10")
    platforms.complete_task(task_id=task.pk)
    payments.create_due_payouts()
    payments.submit_payouts()
    return Transaction.objects.get(type="payout", status="submitted")


def arrive(client, letter):
    body, headers = letter
    signed = {name: value for name, value in headers.items() if name.lower().startswith("x-circle")}
    return client.post(DOOR, body, content_type="application/json", headers=signed)


def statuses():
    return list(ProviderNotification.objects.order_by("pk").values_list("status", flat=True))


def test_the_provider_may_ask_whether_we_are_here(client):
    assert client.head(DOOR).status_code == 200
    assert client.get(DOOR).status_code == 405


def test_what_is_reported_is_looked_up_at_once_and_then_booked(client, twin, inbox):
    payout = submitted()
    twin.advance()
    later = database_now() + seconds(600)
    Transaction.unguarded.filter(pk=payout.pk).update(next_attempt_at=later)

    assert [arrive(client, letter).status_code for letter in inbox.letters] == [200] * 6

    payout.refresh_from_db()
    assert (payout.status, payout.next_attempt_at < later) == ("submitted", True)
    assert payments.poll_settlements() == 1
    payout.refresh_from_db()
    assert payout.status == "confirmed"
    assert set(statuses()) == {"applied"}
    assert violated() == {}


@pytest.mark.parametrize("order", ["as sent", "backwards", "the last one first, and twice"])
def test_reports_in_any_order_and_number_settle_once(client, twin, inbox, order):
    payout = submitted()
    twin.advance()
    letters = list(inbox.letters)
    if order != "as sent":
        letters.reverse()
    if order.endswith("twice"):
        letters += letters

    for letter in letters:
        assert arrive(client, letter).status_code == 200
        payments.poll_settlements()

    payout.refresh_from_db()
    assert payout.status == "confirmed"
    assert LedgerEntry.objects.filter(kind="payout_settled").count() == 1
    assert statuses().count("duplicate") == len(letters) - 6
    assert violated() == {}


def test_a_forged_report_is_kept_and_moves_nothing(client, twin, inbox):
    twin.wrong("notify", delivery="forged", times=99)
    payout = submitted()
    twin.advance()
    due = payout.next_attempt_at

    answers = [arrive(client, letter) for letter in inbox.letters]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "bad_signature")}
    assert set(statuses()) == {"forged"}
    payout.refresh_from_db()
    assert payout.next_attempt_at == due


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"notificationId": 7}'])
def test_what_is_no_report_is_refused(client, twin, body):
    answer = client.post(DOOR, body, content_type="application/json")

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert bytes(ProviderNotification.objects.get().body) == body


def test_a_body_that_is_too_large_is_not_kept(client, twin):
    answer = client.post(DOOR, b"x" * 70_000, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert statuses() == []


def test_without_the_key_a_report_waits_and_is_verified_later(client, twin, inbox):
    payout = submitted()
    twin.advance()
    connected.cache_clear()
    twin.wrong("notification_key", fault="error_before")

    answer = arrive(client, inbox.letters[0])

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert statuses() == ["received"]
    later = database_now() + seconds(60)
    assert payments.verify_notifications(now=later) == 1
    assert statuses() == ["genuine"]
    payout.refresh_from_db()
    assert payout.next_attempt_at == later


def test_a_report_of_a_transfer_that_is_not_ours_is_kept(client, twin, inbox):
    submitted()
    Transaction.unguarded.filter(type="payout").update(circle_tx_id="another")
    twin.advance()

    assert arrive(client, inbox.letters[0]).status_code == 200
    assert statuses() == ["genuine"]
