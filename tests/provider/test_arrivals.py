"""Incoming notifications: kept first, believed by their signature, and then only a reason to look."""

from hashlib import sha256
from uuid import uuid4

import pytest
from django.core.cache import cache

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import LedgerEntry, ProviderNotification, Transaction
from payments.settlement.provider.circle import CircleProvider
from payments.settlement.provider.connection import connect_to_circle
from payments.settlement.transfers.enums import NotificationStatus
from payments.settlement.transfers.services import notifications
from platforms import services as platforms
from tests.support.books import violated
from tests.support.factories import PlatformFactory, WorkerFactory, seconds, started
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db

DOOR = "/provider/circle/notifications"


@pytest.fixture(autouse=True)
def by_circle(circle_pays, simulator):
    """Every payout here is Circle's, and the key that it signs with is known."""
    cache.clear()
    CircleProvider().learn_notification_key(simulator.signing_key_id())


def submitted():
    """Return a payout that the provider has taken, now: notifications go by the database's clock."""
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


def test_what_is_reported_is_looked_up_at_once_and_then_booked(client, simulator, inbox):
    payout = submitted()
    simulator.advance()
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


@pytest.mark.parametrize(
    "order", spread(["as sent", "backwards", "the last one first, and twice"], of="orders", one_in=3)
)
def test_reports_in_any_order_and_number_settle_once(client, simulator, inbox, order):
    payout = submitted()
    simulator.advance()
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


def test_a_forged_report_is_kept_and_moves_nothing(client, simulator, inbox):
    simulator.wrong("notify", delivery="forged", times=99)
    payout = submitted()
    simulator.advance()
    due = payout.next_attempt_at

    answers = [arrive(client, letter) for letter in inbox.letters]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "bad_signature")}
    assert set(statuses()) == {"forged"}
    payout.refresh_from_db()
    assert payout.next_attempt_at == due


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"notificationId": 7}'])
def test_what_is_no_report_is_refused(client, simulator, body):
    answer = client.post(DOOR, body, content_type="application/json")

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    kept = ProviderNotification.objects.get()
    assert (kept.status, bytes(kept.body), kept.digest) == ("forged", b"", sha256(body).hexdigest())


def test_forged_reports_take_a_bounded_place(client, simulator, monkeypatch):
    monkeypatch.setitem(notifications.MOST_KEPT, NotificationStatus.FORGED, 3)
    bodies = [b"x" * 64_000, b"x" * 64_000, *(b"%d" % number for number in range(5))]

    answers = {client.post(DOOR, body, content_type="application/json").status_code for body in bodies}

    assert answers == {401}
    rows = ProviderNotification.objects.all()
    assert (len(rows), sum(len(row.body) for row in rows)) == (3, 0)


def test_reports_under_made_up_keys_ask_the_provider_nothing_in_the_request_and_little_in_the_job(
    client, simulator, monkeypatch
):
    monkeypatch.setitem(notifications.MOST_KEPT, NotificationStatus.RECEIVED, 8)
    simulator.wrong("notification_key", fault="error_before", times=99)
    waiting = simulator.control("faults")["waiting"][0]["times"]
    for number in range(30):
        signed = {"X-Circle-Key-Id": str(uuid4()), "X-Circle-Signature": "AA=="}
        answer = client.post(DOOR, b"%d" % number, content_type="application/json", headers=signed)
        assert answer.status_code == 503
    assert simulator.control("faults")["waiting"][0]["times"] == waiting
    assert statuses() == ["received"] * 8

    payments.verify_notifications()
    assert waiting - simulator.control("faults")["waiting"][0]["times"] == notifications.KEYS_FETCHED_AT_ONCE

    simulator.control("faults", clear=True)
    for _ in range(2):
        payments.verify_notifications()
    assert statuses() == ["forged"] * 8
    simulator.wrong("notification_key", fault="error_before")
    assert payments.verify_notifications() == 0
    assert len(simulator.control("faults")["waiting"]) == 1, "what is nobody's is remembered"


def test_a_body_that_is_too_large_is_not_kept(client, simulator):
    answer = client.post(DOOR, b"x" * 70_000, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert statuses() == []


def test_without_the_key_a_report_waits_and_is_verified_later(client, simulator, inbox):
    payout = submitted()
    simulator.advance()
    connect_to_circle.cache_clear()
    cache.clear()

    answer = arrive(client, inbox.letters[0])

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert statuses() == ["received"]
    later = database_now() + seconds(60)
    assert payments.verify_notifications(now=later) == 1
    assert statuses() == ["genuine"]
    payout.refresh_from_db()
    assert payout.next_attempt_at == later


def test_a_report_of_a_transfer_that_is_not_ours_is_kept(client, simulator, inbox):
    submitted()
    Transaction.unguarded.filter(type="payout").update(circle_tx_id="another")
    simulator.advance()

    assert arrive(client, inbox.letters[0]).status_code == 200
    assert statuses() == ["genuine"]
