"""A platform's streams over the API."""

from datetime import timedelta

import pytest

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Stream
from tests.support.api.client import Api, is_problem
from tests.support.factories import PlatformFactory, WorkerFactory, balance, running_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream(platform):
    """100 USDC over an hour, begun half an hour ago."""
    return running_stream(platform=platform, now=database_now() - timedelta(minutes=30))


def test_a_stream_is_paused_resumed_topped_up_and_cancelled(platform, api, stream):
    path = f"streams/{stream.pk}"
    before = api.get(path).json()
    assert (before["status"], before["total_amount"]) == ("active", "100.000000")
    assert 50 <= float(before["vested_amount"]) < 51

    assert api.post(f"{path}/pause").json()["status"] == "paused"
    assert api.post(f"{path}/resume").json()["status"] == "active"
    more = api.post(f"{path}/top-up", {"amount": "50"}).json()
    assert (more["total_amount"], more["duration_seconds"]) == ("150.000000", 5400)
    over = api.post(f"{path}/cancel", {"reason": "rain"}).json()

    assert over["status"] == "cancelled"
    assert 50 <= float(over["released_amount"]) < 51
    assert str(balance(stream.worker, "available")) == over["released_amount"]
    assert balance(platform, "escrow") == 0


def test_what_a_stream_does_not_allow_is_refused_with_its_state(api, stream):
    path = f"streams/{stream.pk}"
    api.post(f"{path}/pause")

    is_problem(api.post(f"{path}/pause"), 409, "illegal_status")
    is_problem(api.post(f"{path}/top-up", {"amount": "1"}), 409, "stream_not_active")
    api.post(f"{path}/resume")
    is_problem(api.post(f"{path}/resume"), 409, "illegal_status")
    is_problem(api.post(f"{path}/top-up", {"amount": "0.000001"}), 422, "top_up_too_small")
    is_problem(api.post(f"{path}/top-up", {"amount": "99999"}), 422, "invalid_schedule")
    is_problem(api.post(f"{path}/top-up", {"amount": "5000"}), 402, "insufficient_funds")
    assert Stream.objects.get().total_amount == 100


def test_a_dry_run_of_a_cancellation_tells_what_it_would_book(api, stream):
    answer = api.post(f"streams/{stream.pk}/cancel?dry_run=true", key="").json()

    assert answer["answer"]["status"] == "cancelled"
    assert [one["kind"] for one in answer["postings"]] == ["release", "fee", "refund"]
    assert Stream.objects.get().status == "active"


def test_streams_are_listed_and_narrowed(platform, api, stream):
    worker = WorkerFactory()
    other = running_stream(worker, platform=platform, total="10", now=database_now())
    payments.pause_stream(stream_id=other.pk)
    running_stream()

    def found(**query):
        return [row["id"] for row in api.get("streams", **query).json()["items"]]

    assert found() == [str(other.pk), str(stream.pk)]
    assert found(status="paused") == [str(other.pk)]
    assert found(worker_id=str(worker.pk)) == [str(other.pk)]
    assert found(task_id=str(stream.task_id)) == [str(stream.pk)]
    assert found(created_to=other.created_at.isoformat()) == [str(stream.pk)]
    first = api.get("streams", limit="1").json()
    second = api.get("streams", limit="1", cursor=first["next"]).json()
    assert [row["id"] for row in second["items"]] == [str(stream.pk)]
    assert second["next"] is None
    assert set(second["items"][0]) == set(api.get(f"streams/{stream.pk}").json()) - {"vested_amount"}


@pytest.mark.parametrize("act", ["pause", "resume", "cancel", "top-up"])
def test_anothers_stream_is_not_there(act):
    api = Api.of(PlatformFactory())
    stream = running_stream()
    nobody = api.get(f"streams/{WorkerFactory().pk}").json()

    answer = api.get(f"streams/{stream.pk}")
    body = is_problem(answer, 404, "not_found")
    assert {**body, "request_id": "", "instance": ""} == {**nobody, "request_id": "", "instance": ""}
    given = {"amount": "1"} if act == "top-up" else {}
    is_problem(api.post(f"streams/{stream.pk}/{act}", given), 404, "not_found")
    assert Stream.objects.get().status == "active"


def test_streams_have_scopes_of_their_own(platform, stream):
    reader = Api.of(platform, scopes=["streams:read"])

    assert reader.get("streams").status_code == 200
    is_problem(reader.post(f"streams/{stream.pk}/pause"), 403, "insufficient_scope")
    is_problem(Api.of(platform, scopes=["tasks:read"]).get("streams"), 403, "insufficient_scope")


def test_streams_cost_the_same_statements_for_one_or_many(platform, api, django_assert_num_queries):
    counts = []
    for _ in range(2):
        running_stream(platform=platform, total="1")
        running_stream(platform=platform, total="1")
        api.get("streams")
        with django_assert_num_queries(2) as seen:
            api.get("streams")
        counts.append(len(seen))
    stream = Stream.objects.first()
    with django_assert_num_queries(3):
        api.get(f"streams/{stream.pk}")


@pytest.fixture
def over(platform):
    """36 USDC over an hour that ended a minute ago, and no tick came by."""
    return running_stream(
        platform=platform, total="36", duration=3600, now=database_now() - timedelta(minutes=61)
    )


@pytest.mark.parametrize("act", ["pause", "resume", "cancel", "top-up"])
def test_a_stream_at_its_end_is_settled_and_the_act_is_refused_with_what_was_paid(api, over, act):
    given = {"amount": "1"} if act == "top-up" else {}

    body = is_problem(api.post(f"streams/{over.pk}/{act}", given), 409, "stream_completed")

    assert body["numbers"]["paid"] == "36.000000"
    assert "postings" not in body
    stream = Stream.objects.select_related("task").get()
    assert (stream.status, stream.completed_at, stream.task.status) == ("completed", over.end_at, "completed")
    assert balance(over.worker, "available") == 36
    types = [one["type"] for one in api.get("events").json()["items"]]
    assert {"task.completed", "stream.completed"} <= set(types)
    assert not {"stream.paused", "stream.cancelled", "task.cancelled"} & set(types)


def test_a_dry_run_at_the_end_shows_the_settlement_beside_the_refusal(api, over):
    body = is_problem(api.post(f"streams/{over.pk}/cancel?dry_run=true", key=""), 409, "stream_completed")

    assert body["dry_run"] is True
    assert [(one["kind"], one["amount"]) for one in body["postings"]] == [
        ("release", "36.000000"),
        ("fee", "0.720000"),
    ]
    assert Stream.objects.get().status == "active"
    assert balance(over.worker, "available") == 0


def test_a_dry_run_of_a_dispute_at_the_end_shows_the_settlement_as_its_first_step(api, over):
    given = {"severity": 1, "reason": "poor"}

    answer = api.post(f"tasks/{over.task_id}/dispute?dry_run=true", given, key="").json()

    assert answer["answer"]["status"] == "disputed"
    assert [one["kind"] for one in answer["postings"]] == ["release", "fee"]
    told = [one["type"] for one in answer["events"]]
    assert told.index("task.completed") < told.index("task.disputed")
    assert Stream.objects.get().status == "active"


def test_a_dry_run_of_an_ordinary_refusal_shows_no_steps(api, stream):
    api.post(f"streams/{stream.pk}/pause")

    body = is_problem(api.post(f"streams/{stream.pk}/pause?dry_run=true", key=""), 409, "illegal_status")

    assert "postings" not in body
    assert "dry_run" not in body
