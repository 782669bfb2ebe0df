"""A platform's tasks over the API."""

import json

import pytest

from platforms.models import Task
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory, balance, consent

pytestmark = pytest.mark.django_db


def test_a_fixed_task_from_post_to_pay(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    task = api.post("tasks", {"title": "Deliver", "task_type": "fixed", "amount": "12.50"}).json()
    assert (task["status"], task["amount"], task["fee_bps"]) == ("created", "12.500000", 200)

    path = f"tasks/{task['id']}"
    assert api.post(f"{path}/assign", {"worker_id": str(worker.pk)}).json()["status"] == "assigned"
    assert api.post(f"{path}/start").json()["status"] == "in_progress"
    done = api.post(f"{path}/complete", {"completion_proof": {"photo": "1.jpg"}}).json()
    assert (done["status"], done["paid_amount"]) == ("completed", "12.500000")
    assert done["completion_proof"] == {"photo": "1.jpg"}
    rated = api.post(f"{path}/rate", {"rating": 5}).json()
    assert rated["worker_rating"] == 5

    assert str(balance(worker, "available")) == "12.500000"
    assert api.get(path).json() == rated


def test_milestones_are_approved_one_by_one(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    steps = [{"title": "draft", "amount": "4"}, {"title": "final", "amount": "6"}]
    task = api.post(
        "tasks", {"title": "Write", "task_type": "milestone", "amount": "10", "milestones": steps}
    ).json()
    path = f"tasks/{task['id']}"
    api.post(f"{path}/assign", {"worker_id": str(worker.pk)})
    api.post(f"{path}/start")

    assert api.post(f"{path}/milestones/2/approve").json()["code"] == "milestone_out_of_order"
    first = api.post(f"{path}/milestones/1/approve").json()
    assert [step["approved_at"] is None for step in first["milestones"]] == [False, True]
    assert api.post(f"{path}/milestones/2/approve").json()["status"] == "completed"
    assert str(balance(worker, "available")) == "10.000000"


def test_a_task_is_cancelled_or_disputed(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    one = api.post("tasks", {"title": "A", "task_type": "fixed", "amount": "1"}).json()
    assert api.post(f"tasks/{one['id']}/cancel", {"reason": "rain"}).json()["status"] == "cancelled"
    two = api.post("tasks", {"title": "B", "task_type": "fixed", "amount": "1"}).json()
    path = f"tasks/{two['id']}"
    api.post(f"{path}/assign", {"worker_id": str(worker.pk)})
    api.post(f"{path}/start")
    assert api.post(f"{path}/dispute", {"severity": 2, "reason": "late"}).json()["status"] == "disputed"
    assert api.post(f"{path}/complete").json()["code"] == "task_not_open"


def test_a_list_is_narrowed(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    mine = TaskFactory(platform=platform, external_task_id="a-1")
    other = TaskFactory(platform=platform)
    api.post(f"tasks/{other.pk}/assign", {"worker_id": str(worker.pk)})

    def found(**query):
        return [task["id"] for task in api.get("tasks", **query).json()["items"]]

    assert found(status="assigned") == [str(other.pk)]
    assert found(worker_id=str(worker.pk)) == [str(other.pk)]
    assert found(external_task_id="a-1") == [str(mine.pk)]
    assert found(task_type="milestone") == []
    at = mine.created_at.isoformat()
    assert found(created_to=at) == []
    assert set(found(created_from=at)) == {str(mine.pk), str(other.pk)}


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("assign", {"worker_id": "01900000-0000-7000-8000-000000000000"}),
        *((act, {}) for act in ("start", "complete", "cancel", "milestones/1/approve")),
        ("dispute", {"severity": 1, "reason": "x"}),
        ("rate", {"rating": 1}),
    ],
)
def test_anothers_task_is_not_there(api, act, body):
    task = TaskFactory(platform=PlatformFactory(funds="100"))

    assert api.get(f"tasks/{task.pk}").status_code == 404
    answer = api.post(f"tasks/{task.pk}/{act}", body)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")
    assert Task.objects.get(pk=task.pk).status == "created"


def test_a_worker_who_is_not_there_cannot_be_assigned(api):
    task = api.post("tasks", {"title": "A", "task_type": "fixed", "amount": "1"}).json()

    answer = api.post(f"tasks/{task['id']}/assign", {"worker_id": "01900000-0000-7000-8000-000000000000"})

    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")
