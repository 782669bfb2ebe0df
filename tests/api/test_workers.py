"""The workers whom a platform may see."""

import pytest

from platforms import services as platforms
from tests.support.api.client import Api, is_problem
from tests.support.factories import NOW, WorkerFactory, assigned, seconds, started
from workers.models import Worker

pytestmark = pytest.mark.django_db


def test_a_worker_is_shown_with_their_standing_and_no_more(platform, api):
    worker = WorkerFactory(full_name="Ada")
    task = started(worker, platform=platform)
    platforms.complete_task(task_id=task.pk, now=NOW + seconds(60))
    platforms.rate_worker(task_id=task.pk, rating=4, now=NOW + seconds(61))
    assigned(worker, platform=platform)

    shown = api.get(f"workers/{worker.pk}").json()

    assert shown == {
        "id": str(worker.pk),
        "reference": worker.reference,
        "full_name": "Ada",
        "reputation_score": 515,
        "tier": "Bronze",
        "average_rating": "4.00",
        "completion_rate": "100.00",
        "open_tasks": 1,
        "finished_tasks": 1,
        "first_at": shown["first_at"],
        "last_at": shown["last_at"],
        "accepted_at": shown["accepted_at"],
        "ended_at": None,
    }
    assert api.get("workers").json()["items"] == [shown]


def test_only_those_who_agreed_to_work_for_the_platform_are_there(platform, api):
    stranger, other = WorkerFactory(), WorkerFactory()
    started(other)

    assert api.get("workers").json() == {"items": [], "next": None}
    for one in (stranger, other):
        is_problem(api.get(f"workers/{one.pk}"), 404, "not_found")


def test_workers_are_listed_by_page_and_narrowed(platform, api):
    made = [WorkerFactory() for _ in range(3)]
    tasks = [started(worker, platform=platform) for worker in made]
    platforms.complete_task(task_id=tasks[0].pk, now=NOW)
    started(made[1])

    def found(**query):
        return [row["id"] for row in api.get("workers", **query).json()["items"]]

    everyone = [str(worker.pk) for worker in reversed(made)]
    assert found() == everyone
    assert found(busy="true") == everyone[:2]
    assert found(busy="false") == everyone[2:]
    first = api.get("workers", limit="2").json()
    assert found(limit="2", cursor=first["next"]) == everyone[2:]
    is_problem(api.get("workers", busy="maybe"), 400, "invalid_input")


def test_a_worker_who_has_left_is_not_shown(platform, api):
    worker = WorkerFactory()
    started(worker, platform=platform)
    Worker.objects.filter(pk=worker.pk).update(deleted_at=NOW)

    assert api.get("workers").json()["items"] == []
    is_problem(api.get(f"workers/{worker.pk}"), 404, "not_found")


def test_workers_have_a_scope_of_their_own(platform):
    assert Api.of(platform, scopes=["workers:read"]).get("workers").status_code == 200
    is_problem(Api.of(platform, scopes=["tasks:read"]).get("workers"), 403, "insufficient_scope")


def test_workers_cost_the_same_statements_for_one_or_many(platform, api, django_assert_num_queries):
    api.get("workers")
    for _ in range(2):
        worker = started(platform=platform, amount="1").worker
        with django_assert_num_queries(2):
            api.get("workers")
        with django_assert_num_queries(2):
            api.get(f"workers/{worker.pk}")
        started(platform=platform, amount="1")
