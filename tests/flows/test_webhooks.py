"""Deliveries of events to platforms' webhooks, over real sockets, to good servers and bad servers."""

import signal
import threading
import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from standardwebhooks.webhooks import WebhookVerificationError

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.network import outbound
from platforms import services as platforms
from platforms.events.services import deliveries
from platforms.models import PlatformEvent, WebhookDelivery, WebhookEndpoint
from tests.support.factories import PlatformFactory, TaskFactory, started
from tests.support.long_forms import spread
from tests.support.servers.broker import queued_jobs
from tests.support.servers.processes import empty_queues, run_code
from tests.support.servers.webhooks import resolving
from tests.support.webhooks import deliver, listening, ping

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick_deliveries", "books_balance_after_each"),
]


def delivery(platform):
    return WebhookDelivery.objects.get(platform=platform)


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- A delivery ---------------------------------------------------------------------------------------------
def test_an_event_arrives_signed_once_and_says_what_happened(receiver):
    platform, secret = listening(receiver, funds="100")
    with acting(Actor(ActorType.PLATFORM, str(platform.pk), request_id="req-1")):
        task = TaskFactory(platform=platform)

    assert deliver() == 1
    assert deliver() == 0

    (request,) = receiver.requests
    event = PlatformEvent.objects.get(platform=platform, type="task.created")
    assert request.verified(secret) == {
        "id": str(event.pk),
        "type": "task.created",
        "timestamp": event.created_at.isoformat().replace("+00:00", "Z"),
        "sequence": 2,
        "data": event.payload,
    }
    assert request.event["data"]["id"] == str(task.pk)
    assert request.id == str(event.pk)
    assert (request.headers["X-Request-Id"], request.headers["Content-Type"]) == ("req-1", "application/json")
    row = delivery(platform)
    assert (row.status, row.attempts, row.status_code, row.error) == ("delivered", 1, 204, None)
    assert row.milliseconds is not None
    assert row.ended_at is not None


def test_events_before_the_webhook_was_set_are_not_sent_and_later_ones_come_in_order(receiver):
    platform, secret = listening(receiver, funds="1000")
    started(platform=platform)
    assert deliver() == 3
    assert [one.verified(secret)["type"] for one in receiver.requests] == [
        "task.created",
        "task.assigned",
        "task.started",
    ]
    assert [one.event["sequence"] for one in receiver.requests] == [2, 3, 4]


def test_a_platform_without_a_webhook_gets_no_deliveries():
    started()
    assert deliver() == 0
    assert not WebhookDelivery.objects.exists()


def test_another_secret_does_not_verify(receiver):
    platform, _ = listening(receiver)
    ping(platform)
    deliver()
    with pytest.raises(WebhookVerificationError):
        receiver.requests[0].verified("whsec_bm90IHRoZSBzZWNyZXQ=")


def test_for_a_day_after_a_rotation_both_secrets_verify(receiver):
    platform, old = listening(receiver)
    new = platforms.rotate_webhook_secret(platform_id=platform.pk)
    ping(platform)
    deliver()
    ping(platform)
    deliver(after=86_401)

    overlapping, later = receiver.requests
    assert overlapping.verified(old) == overlapping.verified(new)
    assert later.verified(new)
    with pytest.raises(WebhookVerificationError):
        later.verified(old)


def test_secrets_are_not_readable_in_the_database(receiver):
    platform, old = listening(receiver)
    new = platforms.rotate_webhook_secret(platform_id=platform.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT p::text || w::text FROM platforms p, webhook_endpoints w")
        (stored,) = cursor.fetchone()
    assert old not in stored
    assert new not in stored
    assert old.startswith("whsec_")


# --- Failing and trying again -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path, status_code, error",
    spread(
        [
            ("/slow", None, "timeout"),
            ("/drip", None, "timeout"),
            ("/vanish", None, "connection"),
            ("/endless-head", None, "protocol"),
            ("/not-http", None, "protocol"),
            ("/redirect", 302, "status"),
        ],
        of="bad answers",
        one_in=3,
    ),
)
def test_a_bad_answer_is_tried_again_in_five_seconds(monkeypatch, receiver, path, status_code, error):
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    platform, _ = listening(receiver, path)
    ping(platform)
    now = database_now()

    assert platforms.deliver_webhooks(now=now) == 0

    row = delivery(platform)
    assert (row.status, row.attempts, row.status_code, row.error) == ("pending", 1, status_code, error)
    assert row.next_attempt_at == now + timedelta(seconds=5)
    assert WebhookEndpoint.objects.get(platform=platform).failing_since == now
    assert len(receiver.requests) == 1


def test_a_body_without_end_counts_by_its_head(receiver):
    platform, _ = listening(receiver, "/endless-body")
    ping(platform)
    assert deliver() == 1


def test_ten_attempts_then_dead_and_a_replay_begins_anew(receiver):
    receiver.answers = [500] * 10
    platform, secret = listening(receiver)
    ping(platform)
    at, waits = database_now(), []
    for _ in range(10):
        platforms.deliver_webhooks(now=at)
        row = delivery(platform)
        if row.next_attempt_at:
            waits.append((row.next_attempt_at - at).total_seconds())
            assert platforms.deliver_webhooks(now=row.next_attempt_at - timedelta(seconds=1)) == 0
            at = row.next_attempt_at

    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert (row.status, row.attempts, row.status_code, row.ended_at) == ("dead", 10, 500, at)
    assert len({request.id for request in receiver.requests}) == 1

    platforms.replay_event(platform_id=platform.pk, event_id=row.event_id, now=at)
    assert platforms.deliver_webhooks(now=at) == 1
    assert receiver.requests[-1].verified(secret)["id"] == receiver.requests[0].id
    assert delivery(platform).status == "delivered"


def test_retry_after_is_honoured_where_it_is_longer(receiver):
    receiver.answers, receiver.retry_after = [503], "120"
    platform, _ = listening(receiver)
    ping(platform)
    now = database_now()
    platforms.deliver_webhooks(now=now)
    assert delivery(platform).next_attempt_at == now + timedelta(seconds=120)


def test_one_event_that_fails_does_not_hold_up_the_later_ones(receiver):
    receiver.answers = [500]
    platform, _ = listening(receiver)
    ping(platform, 3)

    assert deliver() == 2

    assert sorted(WebhookDelivery.objects.values_list("sequence", "status", "attempts")) == [
        (1, "pending", 1),
        (2, "delivered", 1),
        (3, "delivered", 1),
    ]
    assert WebhookEndpoint.objects.get().failing_since is None, "the last attempt arrived"


@pytest.mark.long_form
def test_a_webhook_that_hangs_is_called_for_a_few_events_side_by_side(monkeypatch, receiver):
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 1)
    platform, _ = listening(receiver, "/slow")
    ping(platform, 8)

    assert deliver() == 0

    assert set(WebhookDelivery.objects.values_list("status", "attempts", "error")) == {
        ("pending", 1, "timeout")
    }
    times = [request.at for request in receiver.requests]
    rounds = zip(times[1:], times[1 + deliveries.SIDE_BY_SIDE :], strict=False)
    assert all(later - earlier > 0.9 for earlier, later in rounds), "no more than four within a second"
    assert min(later - earlier for earlier, later in pairwise(times)) < 0.9, "and some at the same time"


def test_events_that_come_while_a_webhook_hangs_are_delivered_meanwhile(receiver):
    slow, _ = listening(receiver, "/slow")
    fast, _ = listening(receiver)
    ping(slow)
    run = threading.Thread(target=lambda: (platforms.deliver_webhooks(), connection.close()))
    run.start()
    wait_for(lambda: receiver.requests)

    ping(fast, 3)
    wait_for(lambda: len(receiver.requests) == 4)
    assert not receiver.released.is_set()

    receiver.released.set()
    run.join()
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_the_commit_of_an_event_asks_for_its_delivery(receiver):
    empty_queues()
    ping(listening(receiver)[0])

    # At once, or at the end of the second in which an earlier event has requested.
    wait_for(lambda: queued_jobs("webhooks") == ["deliver_webhooks"])


@pytest.mark.long_form
def test_a_slow_webhook_holds_up_only_its_own(monkeypatch, receiver):
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 2)
    slow, _ = listening(receiver, "/slow")
    ping(slow, 3)
    fast = [listening(receiver)[0] for _ in range(3)]
    for platform in fast:
        ping(platform, 30)

    assert deliver() == 90

    assert WebhookDelivery.objects.filter(platform=slow, status="pending", attempts=1).count() == 3


def test_more_webhooks_than_threads_all_get_their_turn(settings, receiver):
    settings.WEBHOOK_CONCURRENCY = 2
    for _ in range(6):
        ping(listening(receiver)[0], 2)
    assert deliver() == 12


def test_a_webhook_that_has_failed_for_five_days_is_switched_off_and_staff_are_told(receiver, caplog):
    receiver.answers = [500] * 3
    platform, _ = listening(receiver)
    ping(platform)
    deliver()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '5 days'")
    ping(platform)
    deliver(after=10)

    endpoint = WebhookEndpoint.objects.get(platform=platform)
    assert endpoint.disabled_at is not None
    assert set(WebhookDelivery.objects.values_list("status", "error")) == {("dead", "disabled")}
    line = AuditLog.objects.get(action="webhook.disable")
    assert (line.actor_type, line.resource_id) == ("system", str(platform.pk))
    assert line.metadata["reason"].startswith("failing since")
    assert "is off: failing for 5 days" in caplog.text
    assert deliver(after=20) == 0


def test_a_webhook_that_is_gone_is_switched_off_at_once(receiver, caplog):
    receiver.answers = [410]
    platform, _ = listening(receiver)
    ping(platform, 3)

    assert deliver() == 0

    assert WebhookEndpoint.objects.get(platform=platform).disabled_at is not None
    assert set(WebhookDelivery.objects.values_list("status", "error")) == {("dead", "disabled")}
    assert AuditLog.objects.get(action="webhook.disable").metadata["reason"] == "it answered 410 Gone"
    assert "is off: it is gone" in caplog.text
    assert (deliver(after=3600), len(receiver.requests)) == (0, 1)


def test_what_a_former_webhook_says_does_not_switch_off_the_new_one(receiver):
    platform, _ = listening(receiver)
    ping(platform)
    now = database_now()
    deliveries.queue_deliveries(now=now)
    (due,) = deliveries._lease_deliveries(now, 1)
    receiver.answers = [410]
    outcome = deliveries.call_webhook(due)
    platforms.set_webhook(platform_id=platform.pk, url=receiver.url("/ok?new"))

    deliveries.record_outcomes([outcome], now=now)

    assert outcome.status_code == 410
    assert WebhookEndpoint.objects.get(platform=platform).disabled_at is None
    assert delivery(platform).status == "pending"


# --- Forbidden addresses ------------------------------------------------------------------------------------
def test_a_name_that_leads_inside_is_blocked_without_a_packet(settings, monkeypatch, receiver):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    monkeypatch.setattr(outbound, "PORTS", {receiver.port})
    platform = PlatformFactory()
    platforms.set_webhook(platform_id=platform.pk, url=f"https://inside.example:{receiver.port}/ok")
    ping(platform)

    with resolving(monkeypatch, {"inside.example": [["8.8.8.8", "127.0.0.1"]]}):
        assert deliver() == 0

    row = delivery(platform)
    assert (row.status, row.error, row.status_code) == ("blocked", "blocked_address", None)
    assert receiver.connections == 0


def test_a_loopback_webhook_is_blocked_once_the_setting_is_off(settings, receiver):
    platform, _ = listening(receiver)
    ping(platform)
    settings.WEBHOOK_ALLOW_LOOPBACK = False

    assert deliver() == 0

    assert (delivery(platform).status, receiver.connections) == ("blocked", 0)


# --- Once, twice, never lost --------------------------------------------------------------------------------
@pytest.mark.long_form
def test_a_process_killed_between_delivery_and_mark_delivers_again_under_the_same_id(receiver, tmp_path):
    platform, secret = listening(receiver, "/slow")
    ping(platform)

    with run_code(
        "from platforms import services; services.deliver_webhooks()",
        log=tmp_path / "log",
        environment={"WEBHOOK_ALLOW_LOOPBACK": "true"},
    ) as process:
        wait_for(lambda: receiver.requests)
        # The answer comes, and the row that the process would mark with it is held.
        with transaction.atomic():
            WebhookEndpoint.objects.locked().get(platform=platform)
            receiver.released.set()
            wait_for(somebody_waits)
            process.kill()
            process.wait()

    assert process.returncode == -signal.SIGKILL
    row = delivery(platform)
    assert (row.status, row.attempts, row.status_code) == ("pending", 0, None)
    assert deliver() == 0, "still leased"
    assert deliver(after=61) == 1

    first, second = receiver.requests
    assert first.id == second.id
    assert first.verified(secret) == second.verified(secret)
    assert (delivery(platform).status, delivery(platform).attempts) == ("delivered", 1)


def somebody_waits():
    """Whether another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) > 0 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def test_two_runs_at_once_deliver_each_event_once(receiver):
    for _ in range(4):
        ping(listening(receiver)[0], 25)
    arrived = []

    def run():
        try:
            arrived.append(platforms.deliver_webhooks())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(arrived) + deliver() == 100
    assert len(receiver.requests) == len({request.id for request in receiver.requests}) == 100


def test_a_delivery_that_was_given_up_meanwhile_stays_given_up(receiver):
    platform, _ = listening(receiver, "/slow")
    ping(platform)
    run = threading.Thread(target=lambda: (deliver(), connection.close()))
    run.start()
    wait_for(lambda: receiver.requests)

    platforms.disable_webhook(platform_id=platform.pk, reason="asked to")
    receiver.released.set()
    run.join()

    assert (delivery(platform).status, delivery(platform).error) == ("dead", "disabled")


def test_nobody_is_asked_inside_a_transaction(receiver):
    platform, _ = listening(receiver)
    ping(platform)
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        deliver()
    assert receiver.connections == 0


def test_queueing_and_marking_cost_the_same_for_one_event_and_for_fifty(receiver):
    counts = []
    for events in (1, 50):
        platform, _ = listening(receiver)
        ping(platform, events)
        now = database_now()
        with CaptureQueriesContext(connection) as queries:
            deliveries.queue_deliveries(now=now)
            leased = deliveries._lease_deliveries(now, 1)
            done = [deliveries.Outcome(due, status_code=200, milliseconds=1) for due in leased]
            deliveries.record_outcomes(done, now=now)
        counts.append(len(queries))
        WebhookDelivery.unguarded.filter(status="pending").update(
            status="dead", next_attempt_at=None, ended_at=now
        )
    assert counts[0] == counts[1]
