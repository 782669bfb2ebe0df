"""Events for platforms: everything that is theirs, in order, and nothing that is not."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from gigstream.core.unit import in_unit
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from platforms import services as platforms
from platforms.models import EventCounter, Platform, PlatformEvent
from platforms.services import MilestonePlan, NewEvent, TaskPlan, publish_events
from reputation.scores import services as reputation
from tests.support.api.client import Api
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    fund,
    running_stream,
    seconds,
    settle,
    started,
)

pytestmark = pytest.mark.django_db


def told(platform: Platform, *, but: Iterable[str] = ()) -> list[str]:
    """Return the types of the platform's events, in order."""
    events = PlatformEvent.objects.filter(platform=platform).order_by("sequence")
    return [type_ for type_ in events.values_list("type", flat=True) if type_ not in but]


def last(platform: Platform, type_: str) -> PlatformEvent:
    return PlatformEvent.objects.filter(platform=platform, type=type_).latest("sequence")


def types() -> set[str]:
    return set(PlatformEvent.objects.values_list("type", flat=True))


# --- A single act, its events -------------------------------------------------------------------------------
def test_the_life_of_a_fixed_task_is_told_in_order():
    platform = PlatformFactory(funds="1000")

    task = started(platform=platform, amount="20", external_task_id="EXT-1")
    platforms.complete_task(task_id=task.pk, now=NOW)

    assert told(platform) == [
        "transaction.confirmed",
        "task.created",
        "task.assigned",
        "task.started",
        "transaction.confirmed",
        "task.completed",
        "worker.reputation_changed",
    ]
    event = last(platform, "task.completed")
    assert event.created_at == NOW
    assert event.payload["id"] == str(task.pk)
    assert event.payload["external_task_id"] == "EXT-1"
    assert (event.payload["amount"], event.payload["paid_amount"]) == ("20.000000", "20.000000")
    assert (event.payload["status"], event.payload["completed_at"]) == ("completed", "2026-03-02T12:00:00Z")
    fee = PlatformEvent.objects.get(platform=platform, type="transaction.confirmed", sequence=5).payload
    assert (fee["type"], fee["amount"], fee["task_id"]) == ("fee", "0.400000", str(task.pk))


def test_a_dispute_is_told_with_its_reason_and_its_outcome():
    task = started(amount="20")
    platforms.dispute_task(task_id=task.pk, severity=2, reason="half done", now=NOW)
    filed = last(task.platform, "task.disputed").payload
    resolve_dispute(
        task_id=task.pk, outcome="platform", worker_amount="5", resolution="seen the photos", now=NOW
    )
    resolved = last(task.platform, "task.resolved").payload

    assert (filed["status"], filed["dispute"]["severity"], filed["dispute"]["reason"]) == (
        "disputed",
        2,
        "half done",
    )
    assert (resolved["status"], resolved["paid_amount"]) == ("cancelled", "5.000000")
    assert resolved["dispute"]["outcome"] == "platform"
    assert (resolved["dispute"]["worker_amount"], resolved["dispute"]["refund_amount"]) == (
        "5.000000",
        "15.300000",
    )
    assert "seen the photos" not in json.dumps(resolved)
    assert "task.cancelled" not in told(task.platform)


def test_milestones_and_ratings_are_told_with_the_task():
    plans = [MilestonePlan("Draft", "4"), MilestonePlan("Final", "6")]
    task = started(amount="10", task_type="milestone", milestones=plans)
    later = NOW + seconds(60)

    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)
    platforms.approve_milestone(task_id=task.pk, number=2, now=later)
    platforms.rate_worker(task_id=task.pk, rating=5, now=later)
    platforms.rate_platform(task_id=task.pk, rating=4, now=later)

    assert told(task.platform, but=["transaction.confirmed", "worker.reputation_changed"])[-5:] == [
        "task.started",
        "task.milestone_approved",
        "task.completed",
        "task.rated",
        "task.rated",
    ]
    draft, final = last(task.platform, "task.milestone_approved").payload["milestones"]
    assert draft == {
        "number": 1,
        "title": "Draft",
        "amount": "4.000000",
        "approved_at": "2026-03-02T12:00:00Z",
    }
    assert (final["number"], final["approved_at"]) == (2, None)
    whole = last(task.platform, "task.completed").payload["milestones"]
    assert [one["approved_at"] for one in whole] == ["2026-03-02T12:00:00Z", "2026-03-02T12:01:00Z"]
    rated = last(task.platform, "task.rated").payload
    assert (rated["worker_rating"], rated["platform_rating"], rated["milestones"]) == (5, 4, whole)


def test_what_a_platform_has_written_is_told_once_and_its_metadata_each_time():
    task = started(description="Third floor", metadata={"area": 7})
    platforms.complete_task(task_id=task.pk, completion_proof={"photo": "p-1"}, now=NOW)

    created, completed = (last(task.platform, f"task.{verb}").payload for verb in ("created", "completed"))
    assert (created["description"], created["metadata"]) == ("Third floor", {"area": 7})
    assert (completed["completion_proof"], completed["metadata"]) == ({"photo": "p-1"}, {"area": 7})
    assert "description" not in completed
    assert "completion_proof" not in created


@pytest.mark.parametrize("count", [1, 9])
def test_the_milestones_of_many_tasks_are_one_statement(count):
    platform = PlatformFactory()
    plans = [TaskPlan("Steps", "1", "milestone", milestones=[MilestonePlan("Only", "1")])] * count

    with CaptureQueriesContext(connection) as queries:
        platforms.create_tasks(platform_id=platform.pk, plans=plans, now=NOW)

    asked = [one["sql"] for one in queries if "SELECT" in one["sql"] and 'FROM "milestones"' in one["sql"]]
    assert len(asked) == 1
    assert len(last(platform, "task.created").payload["milestones"]) == 1


def test_the_life_of_a_stream_is_told():
    stream = running_stream(total="36", duration=3600, interval=60)
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(30))
    payments.release_due_streams(now=NOW + seconds(60))
    payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(90))
    payments.resume_stream(stream_id=stream.pk, now=NOW + seconds(100))
    payments.top_up_stream(stream_id=stream.pk, amount="36", now=NOW + seconds(110))
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(160))

    released = PlatformEvent.objects.filter(type="stream.released").order_by("sequence")
    assert [one.payload["releases"] for one in released] == [
        [[str(stream.pk), 1, "0.300000"]],
        [[str(stream.pk), 2, "0.300000"]],
        [[str(stream.pk), 3, "0.300000"]],
        [[str(stream.pk), 4, "0.600000"]],
    ]
    assert [kind for kind in told(stream.platform) if kind.startswith("stream")] == [
        "stream.opened",
        "stream.released",
        "stream.released",
        "stream.released",
        "stream.paused",
        "stream.resumed",
        "stream.topped_up",
        "stream.released",
        "stream.cancelled",
    ]
    assert last(stream.platform, "stream.topped_up").payload["total_amount"] == "72.000000"
    assert last(stream.platform, "stream.cancelled").payload["released_amount"] == "1.500000"


def test_a_batch_tells_each_platform_once_and_the_release_before_the_end():
    mine, theirs = PlatformFactory(funds="1000"), PlatformFactory(funds="1000")
    worker = WorkerFactory()
    streams = [running_stream(worker, platform=one, total="36", duration=60) for one in (mine, mine, theirs)]

    payments.release_due_streams(now=NOW + seconds(60))

    assert told(mine)[-10:] == [
        *["transaction.confirmed"] * 2,
        "stream.released",
        *["task.completed"] * 2,
        *["worker.reputation_changed"] * 3,
        *["stream.completed"] * 2,
    ]
    event = last(mine, "stream.released")
    assert (event.payload["count"], event.payload["total"]) == (2, "72.000000")
    assert {item[0] for item in event.payload["releases"]} == {str(one.pk) for one in streams[:2]}
    assert last(theirs, "stream.released").payload["count"] == 1


def test_the_request_that_caused_an_event_is_named():
    task = TaskFactory()
    with acting(Actor(ActorType.PLATFORM, str(task.platform_id), request_id="req-7")):
        platforms.cancel_task(task_id=task.pk)
    assert last(task.platform, "task.cancelled").request_id == "req-7"


def test_a_low_balance_is_told_once_per_crossing(settings):
    settings.BALANCE_LOW_THRESHOLD = "100"
    platform = PlatformFactory(funds="100")
    assigned(platform=platform, amount="10")
    assigned(platform=platform, amount="10")
    assert told(platform).count("balance.low") == 1
    assert last(platform, "balance.low").payload == {"available": "89.800000", "threshold": "100.000000"}

    fund(platform, "20.40")
    assigned(platform=platform, amount="0.01")

    assert told(platform).count("balance.low") == 2


# --- Who may know -------------------------------------------------------------------------------------------
def test_a_score_is_told_to_every_platform_of_the_worker_and_to_no_other():
    worker, other = WorkerFactory(), WorkerFactory()
    first, second = started(worker), started(worker)
    stranger = started(other)

    reputation.adjust_reputation(worker_id=worker.pk, delta=-30, reason="rude", now=NOW)

    for platform in (first.platform, second.platform):
        assert last(platform, "worker.reputation_changed").payload == {
            "worker_id": str(worker.pk),
            "previous_score": 500,
            "score": 470,
            "changed_at": "2026-03-02T12:00:00Z",
        }
    assert "worker.reputation_changed" not in told(stranger.platform)


def test_a_score_that_does_not_move_is_not_told():
    task = started()
    reputation.adjust_reputation(worker_id=task.worker_id, delta=-900, reason="fraud", now=NOW)
    reputation.adjust_reputation(worker_id=task.worker_id, delta=-1, reason="more", now=NOW)
    assert told(task.platform).count("worker.reputation_changed") == 1


def test_no_platform_hears_of_a_workers_debts_or_payouts():
    worker = WorkerFactory()
    task = started(worker, amount="50")
    before = PlatformEvent.objects.count()
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    payments.grant_reward(worker_id=worker.pk, amount="5", reason="hello", key="hello", now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW)
    settle(NOW)
    assert PlatformEvent.objects.count() == before

    platforms.complete_task(task_id=task.pk, now=NOW)

    payloads = json.dumps(list(PlatformEvent.objects.values_list("payload", flat=True)))
    kept = ("repayment", "advance", "payout", "loan", str(loan.pk), worker.wallet_address, worker.email)
    assert [secret for secret in kept if secret in payloads] == []


# --- Numbers and transactions -------------------------------------------------------------------------------
def ping(platform: Platform) -> None:
    publish_events([NewEvent(platform.pk, "webhook.ping", "{}", NOW)])


def test_a_refused_act_tells_nothing_and_takes_no_number():
    task = assigned()
    before = EventCounter.objects.get(platform=task.platform).last_sequence

    with pytest.raises(Refusal):
        platforms.complete_task(task_id=task.pk, now=NOW)

    assert EventCounter.objects.get(platform=task.platform).last_sequence == before
    assert PlatformEvent.objects.filter(platform=task.platform).count() == before


def test_events_of_one_transaction_are_one_statement_at_its_end_in_their_order():
    first, second = PlatformFactory(), PlatformFactory()

    @in_unit
    def act() -> None:
        for platform in (second, first, second):
            ping(platform)
        Platform.objects.count()

    with CaptureQueriesContext(connection) as queries:
        act()

    statements = [query["sql"] for query in queries]
    assert [("INSERT INTO events" in one) for one in statements].count(True) == 1
    assert "INSERT INTO events" in statements[-2]
    events = PlatformEvent.objects.filter(platform=second).order_by("id")
    assert list(events.values_list("sequence", flat=True)) == [1, 2]


def test_what_a_savepoint_takes_back_is_not_told():
    platform = PlatformFactory()

    @in_unit
    def inner(fail: bool) -> None:
        ping(platform)
        if fail:
            raise LookupError

    @in_unit
    def outer() -> None:
        inner(False)
        with pytest.raises(LookupError):
            inner(True)
        inner(False)
        assert not PlatformEvent.objects.filter(platform=platform).exists()

    outer()
    assert told(platform) == ["webhook.ping"] * 2


def test_an_event_outside_of_every_service_is_written_at_once():
    platform = PlatformFactory()
    with transaction.atomic():
        ping(platform)
        assert told(platform) == ["webhook.ping"]


def test_a_payload_goes_in_as_text_and_comes_out_the_same():
    platform = PlatformFactory()
    text = '{"releases": [["01", 1, "0.100000"]], "name": "Zoë \\u0007"}'
    publish_events([NewEvent(platform.pk, "stream.released", text, NOW)])
    assert last(platform, "stream.released").payload == json.loads(text)


@pytest.mark.parametrize("batch", [1, 12])
def test_a_release_batch_costs_one_statement_more_for_all_its_events(batch, monkeypatch):
    platform_list = [PlatformFactory(funds="1000") for _ in range(batch)]
    worker = WorkerFactory()
    for platform in platform_list:
        running_stream(worker, platform=platform, total="36")

    with CaptureQueriesContext(connection) as queries:
        payments.release_due_streams(now=NOW + seconds(60))

    written = [query["sql"] for query in queries if "INSERT INTO events" in query["sql"]]
    assert len(written) == 1
    assert PlatformEvent.objects.filter(type="stream.released").count() == batch


# --- A platform that missed everything ----------------------------------------------------------------------
class Follower:
    """A platform's own books, made of nothing but the answers of `events`."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.streams: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, dict[str, Any]] = {}
        self.sequence = 0

    def catch_up(self, api: Api, *, twice: bool) -> None:
        """Read everything after the last known event, each event once or twice."""
        for event in everything(api, "events", after=str(self.sequence)):
            assert event["sequence"] == self.sequence + 1
            self.sequence += 1
            for _ in range(1 + twice):
                self._follow(event["type"], event["data"])

    def _follow(self, type_: str, data: dict[str, Any]) -> None:
        subject, _, verb = type_.partition(".")
        if type_ == "stream.released":
            for stream_id, sequence, amount in data["releases"]:
                self._release(self.streams[stream_id], sequence, Decimal(amount))
        elif subject == "transaction" and data["type"] == "payout":
            for paid in data["tasks"]:
                told = {name: paid[name] for name in ("payout_status", "paid_out_at")}
                self.tasks[paid["task_id"]].update(told)
        elif subject in ("task", "stream", "transaction"):
            getattr(self, f"{subject}s").setdefault(data["id"], {}).update(data)
        if verb == "topped_up":
            self.tasks[data["task_id"]]["amount"] = data["total_amount"]

    @staticmethod
    def _release(stream: dict[str, Any], sequence: int, amount: Decimal) -> None:
        if sequence > stream["sequence"]:
            stream["sequence"] = sequence
            stream["released_amount"] = f"{Decimal(stream['released_amount']) + amount:.6f}"


def everything(api: Api, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Return all items of a list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = api.get(path, limit="50", **query, **cursor).json()
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def test_a_platform_that_was_away_goes_on_where_it_stopped():
    task = started(amount="20")
    api, follower = Api.of(task.platform), Follower()
    follower.catch_up(api, twice=False)

    platforms.complete_task(task_id=task.pk, now=NOW)
    platforms.rate_worker(task_id=task.pk, rating=5, now=NOW)
    follower.catch_up(api, twice=False)

    assert follower.tasks[str(task.pk)]["worker_rating"] == 5
    assert follower.sequence == EventCounter.objects.get(platform=task.platform).last_sequence
