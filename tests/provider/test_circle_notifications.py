"""Circle's notifications, from the simulator over a real socket: verified over the raw body, or refused."""

import base64
import json
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.cache import cache

from gigstream.remote_calls.errors import ServiceUnavailable
from payments.settlement.provider import states
from payments.settlement.provider.enums import TransferState
from payments.settlement.provider.protocol import NotificationRefused

WORKER = "0x" + "ab" * 20


def paid(circle, simulator, **delivery):
    if delivery:
        simulator.wrong("notify", times=99, **delivery)
    taken = circle.transfer(key=uuid4(), to_wallet=WORKER, amount=Decimal(10))
    simulator.advance()
    return taken


@pytest.fixture(autouse=True)
def key_known(circle, inbox, simulator):
    """The key that Circle signs with has been learnt from an earlier notification."""
    cache.clear()
    circle.learn_notification_key(simulator.signing_key_id())


def test_every_state_is_told_signed_and_read(circle, simulator, inbox):
    taken = paid(circle, simulator)

    read = [circle.read_notification(body, headers) for body, headers in inbox.letters]

    assert [one.state for one in read] == ["INITIATED", "QUEUED", "CLEARED", "SENT", "CONFIRMED", "COMPLETE"]
    assert {(one.transfer_id, one.kind) for one in read} == {(taken.id, "transactions.outbound")}
    assert len({one.id for one in read}) == 6
    assert read[0].sent_at is not None
    assert "walletId" not in str(read[0].raw)


def test_the_names_of_headers_may_be_in_any_case(circle, simulator, inbox):
    paid(circle, simulator)
    body, headers = inbox.letters[0]

    assert circle.read_notification(body, {name.upper(): value for name, value in headers.items()})


@pytest.mark.parametrize("change", ["body", "signature", "no signature", "key", "no key", "not base64"])
def test_whatever_is_not_circles_is_refused(circle, simulator, inbox, change):
    paid(circle, simulator)
    body, headers = inbox.letters[0]
    given = {name.lower(): value for name, value in headers.items()}
    if change == "body":
        body = body.replace(b"INITIATED", b"COMPLETE")
    elif "signature" in change or change == "not base64":
        other = {"signature": base64.b64encode(b"0" * 70).decode(), "no signature": "", "not base64": "é"}
        given["x-circle-signature"] = other[change]
    else:
        given["x-circle-key-id"] = str(uuid4()) if change == "key" else ""
        circle.learn_notification_key(given["x-circle-key-id"] or str(uuid4()))

    with pytest.raises(NotificationRefused):
        circle.read_notification(body, given)


def test_a_forged_letter_is_refused(circle, simulator, inbox):
    paid(circle, simulator, delivery="forged")

    assert len(inbox.letters) == 6
    for letter in inbox.letters:
        with pytest.raises(NotificationRefused):
            circle.read_notification(*letter)


def test_a_letter_may_come_twice_with_the_same_id(circle, simulator, inbox):
    paid(circle, simulator, delivery="twice")

    read = [circle.read_notification(*letter).id for letter in inbox.letters]
    assert (len(read), len(set(read))) == (12, 6)


def test_letters_come_out_of_order_and_the_rank_decides(circle, simulator, inbox):
    simulator.wrong("notify", delivery="last", about="SENT")
    paid(circle, simulator)

    told = [circle.read_notification(*letter).state for letter in inbox.letters]
    assert told[-1] == TransferState.SENT
    known = TransferState.INITIATED
    for state in told:
        known = state if states.replaces(state, known) else known
    assert known == TransferState.COMPLETE


def test_a_letter_may_come_late_or_never(circle, simulator, inbox):
    simulator.wrong("notify", delivery="late", about="COMPLETE", seconds=300)
    simulator.wrong("notify", delivery="lost", about="SENT")
    paid(circle, simulator)
    assert [circle.read_notification(*letter).state for letter in inbox.letters] == [
        "INITIATED",
        "QUEUED",
        "CLEARED",
        "CONFIRMED",
    ]

    simulator.advance(300)
    assert circle.read_notification(*inbox.letters[-1]).state == "COMPLETE"


def test_a_letter_that_was_not_taken_comes_again(circle, simulator, inbox):
    inbox.statuses = [500] * 6
    paid(circle, simulator)
    first = [body for body, _ in inbox.letters]

    simulator.advance()

    assert [body for body, _ in inbox.letters[6:]] == first


def test_all_letters_can_be_sent_again(circle, simulator, inbox):
    paid(circle, simulator)

    simulator.control("deliver", again=True)

    bodies = [body for body, _ in inbox.letters]
    assert bodies[6:] == bodies[:6]


def test_a_signed_letter_that_is_no_notification_is_refused(circle, simulator, inbox):
    paid(circle, simulator)
    _, headers = inbox.letters[0]
    circle.read_notification(*inbox.letters[0])

    for junk in (b"", b"[]", b"{}", json.dumps({"notification": {}}).encode()):
        with pytest.raises(NotificationRefused):
            circle.read_notification(junk, headers)


def test_a_key_is_asked_for_once_and_known_to_all_processes(circle, simulator, inbox):
    paid(circle, simulator)
    circle._connection.notification_keys.clear()
    simulator.wrong("notification_key", fault="error_before")

    assert circle.read_notification(*inbox.letters[0])
    assert [one["call"] for one in simulator.control("faults")["waiting"]] == ["notification_key"]


def test_while_circle_cannot_be_asked_nothing_is_known_of_a_key(circle, simulator, inbox, settings):
    settings.CIRCLE_READ_SECONDS = 1
    paid(circle, simulator)
    circle._connection.notification_keys.clear()
    cache.clear()
    simulator.wrong("notification_key", fault="timeout_before")
    key_id = simulator.signing_key_id()

    circle.learn_notification_key(key_id)
    assert not circle.knows_notification_key(key_id)
    with pytest.raises(ServiceUnavailable):
        circle.read_notification(*inbox.letters[0])

    circle.learn_notification_key(key_id)
    assert circle.read_notification(*inbox.letters[0])
