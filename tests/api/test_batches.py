"""Many tasks or reports in one request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from platforms import services as platforms
from platforms.models import Task, WorkEvent
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.factories import PlatformFactory, assigned, balance, started

pytestmark = pytest.mark.django_db
TASK = {"title": "Deliver", "task_type": "fixed", "amount": "12.50"}
STEPS = [{"title": "a", "amount": "4"}, {"title": "b", "amount": "6"}]


def results(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


# --- tasks/bulk ---------------------------------------------------------------------------------------------


def test_each_task_of_a_batch_has_a_result_of_its_own(platform, api):
    milestones = {"title": "Write", "task_type": "milestone", "amount": "10", "milestones": STEPS}
    items = [
        {**TASK, "external_task_id": "a"},
        milestones,
        {**TASK, "amount": "-1"},
        {**TASK, "external_task_id": "a"},
        "no task",
        {**milestones, "amount": "11"},
        {**TASK, "milestones": [{"title": "x", "amount": 1}]},
    ]

    given = results(api.post("tasks/bulk", {"tasks": items}))

    assert [one["status"] for one in given] == [201, 201, 400, 409, 400, 422, 400]
    assert given[1]["task"] == api.get(f"tasks/{given[1]['task']['id']}").json()
    assert [step["title"] for step in given[1]["task"]["milestones"]] == ["a", "b"]
    assert given[2]["problem"]["errors"][0]["pointer"] == "/amount"
    assert given[3]["problem"]["code"] == "external_id_taken"
    assert given[5]["problem"]["code"] == "milestones_do_not_add_up"
    assert given[6]["problem"]["errors"][0]["pointer"] == "/milestones/0/amount"
    assert Task.objects.count() == 2
    platform.refresh_from_db()
    assert platform.total_tasks == 2
    lines = AuditLog.objects.filter(action="task.create").order_by("pk")
    assert sorted(line.success for line in lines) == [False, False, True, True]
    assert violated() == {}


def test_an_external_id_that_was_used_before_is_refused(platform, api):
    api.post("tasks", {**TASK, "external_task_id": "a"})
    PlatformFactory()

    one, two = results(api.post("tasks/bulk", {"tasks": [{**TASK, "external_task_id": "a"}, TASK]}))

    assert (one["problem"]["code"], two["status"]) == ("external_id_taken", 201)


def test_the_same_batch_again_posts_nothing(api):
    first = api.post("tasks/bulk", {"tasks": [TASK, TASK]}, key="one")

    assert api.post("tasks/bulk", {"tasks": [TASK, TASK]}, key="one").content == first.content
    assert Task.objects.count() == 2


@pytest.mark.parametrize("body", [{}, {"tasks": []}, {"tasks": {}}, {"tasks": [TASK] * 101}, [TASK]])
def test_a_batch_of_none_or_too_many_tasks_is_refused(api, body):
    is_problem(api.post("tasks/bulk", body), 400, "invalid_input")
    assert not Task.objects.exists()


def test_a_suspended_platform_posts_nothing(platform, api):
    platforms.suspend_platform(platform_id=platform.pk, reason="checks")

    (one,) = results(api.post("tasks/bulk", {"tasks": [TASK]}))

    assert one["problem"]["code"] == "platform_suspended"


def test_a_batch_of_tasks_costs_the_same_statements_for_one_or_many(api):
    counts = []
    for count in (1, 2, 100):
        with CaptureQueriesContext(connection) as seen:
            results(api.post("tasks/bulk", {"tasks": [TASK] * count}))
        counts.append(len(seen))

    assert counts[1] == counts[2]


# --- work-events --------------------------------------------------------------------------------------------


def test_reports_pay_once_and_each_has_a_result(platform, api):
    task, other = assigned(platform=platform), started()
    done = started(platform=platform)
    events = [
        {"task_id": str(task.pk), "event_type": "started", "external_id": "s-1"},
        {"task_id": str(task.pk), "event_type": "completed", "external_id": "c-1"},
        {"task_id": str(task.pk), "event_type": "completed", "external_id": "c-1"},
        {"task_id": str(task.pk), "event_type": "completed", "external_id": "c-2"},
        {"task_id": str(other.pk), "event_type": "completed"},
        {"task_id": str(done.pk), "event_type": "bonus", "amount": "2", "event_date": "2026-03-02"},
        {"task_id": str(done.pk), "event_type": "bonus"},
        {"task_id": str(done.pk), "event_type": "bonus", "amount": "0"},
        {"task_id": "7", "event_type": "gone", "event_date": "soon"},
    ]

    given = results(api.post("work-events", {"events": events}))

    assert [one["status"] for one in given] == [201, 201, 200, 409, 404, 201, 422, 400, 400]
    assert given[2]["event"] == given[1]["event"]
    assert given[3]["problem"]["code"] == "illegal_status"
    assert given[4]["problem"]["code"] == "not_found"
    assert given[6]["problem"]["code"] == "invalid_work_event"
    pointers = {one["pointer"] for one in given[8]["problem"]["errors"]}
    assert pointers == {"/task_id", "/event_type", "/event_date"}
    assert (balance(task.worker, "available"), balance(done.worker, "available")) == (10, 2)
    assert WorkEvent.objects.count() == 3
    again = results(api.post("work-events", {"events": events}))
    assert [one["status"] for one in again] == [200, 200, 200, 409, 404, 200, 422, 400, 400]
    assert (balance(task.worker, "available"), balance(done.worker, "available")) == (10, 2)
    assert violated() == {}


def test_a_dry_run_of_reports_tells_the_postings(platform, api):
    task = started(platform=platform)
    events = [{"task_id": str(task.pk), "event_type": "completed"}]

    answer = api.post("work-events?dry_run=true", {"events": events}, key="").json()

    assert [one["kind"] for one in answer["postings"]] == ["earning", "fee"]
    assert Task.objects.get().status == "in_progress"
    assert not WorkEvent.objects.exists()


@pytest.mark.parametrize("events", [None, [], [{}] * 1001])
def test_a_batch_of_none_or_too_many_reports_is_refused(api, events):
    is_problem(api.post("work-events", {"events": events}), 400, "invalid_input")


def test_reports_need_a_key_and_the_scope_of_tasks(platform, api):
    is_problem(api.post("work-events", {"events": [{}]}, key=""), 400, "idempotency_key_missing")
    reader = Api.of(platform, scopes=["tasks:read"])
    for path in ("work-events", "tasks/bulk"):
        is_problem(reader.post(path, {}), 403, "insufficient_scope")
