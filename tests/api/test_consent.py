"""Consent: a platform assigns workers who have agreed to work for it, and nobody else."""

import json
from decimal import Decimal

import pytest

from audit.models import AuditLog
from gigstream.core.clock import database_now
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.invitations.errors import NoConsent, WorkerNotFound
from platforms.models import Consent, PlatformEvent, Task
from reputation.scores.services import adjust_reputation
from tests.support.api.client import Api, is_problem
from tests.support.decisions import suspend_worker
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    balance,
    consent,
    running_stream,
    seconds,
    started,
)

pytestmark = pytest.mark.django_db

NOBODY = "01900000-0000-7000-8000-000000000000"


def assign(api, task, worker_id):
    """Assign the task; return the status and the body of the answer, without the parts that differ in each
    request."""
    answer = api.post(f"tasks/{task.pk}/assign", {"worker_id": str(worker_id)})
    body = json.loads(answer.content)
    return answer.status_code, {name: value for name, value in body.items() if name != "request_id"}


def test_assigning_a_worker_who_has_not_agreed_is_refused_as_if_nobody_had_the_id(platform, api):
    stranger, colleague = WorkerFactory(), WorkerFactory()
    consent(PlatformFactory(), stranger)
    consent(platform, colleague)
    task = TaskFactory(platform=platform)

    refused = assign(api, task, stranger.pk)

    assert refused == assign(api, task, NOBODY)
    assert (refused[0], refused[1]["code"]) == (404, "not_found")
    assert Task.objects.get(pk=task.pk).status == "created"
    assert (balance(platform, "escrow"), LedgerEntry.objects.filter(kind="hold").count()) == (0, 0)
    assert api.get(f"workers/{stranger.pk}").status_code == 404


def test_a_suspended_worker_who_has_not_agreed_is_not_told_apart(platform, api):
    stranger = WorkerFactory()
    suspend_worker(worker_id=stranger.pk, reason="checks")
    task = TaskFactory(platform=platform)

    assert assign(api, task, stranger.pk) == assign(api, task, NOBODY)


def test_a_worker_who_left_gets_nothing_new_and_finishes_what_was_assigned(platform, api):
    worker = WorkerFactory()
    under_way, waiting = started(worker, platform=platform), assigned(worker, platform=platform)

    ended = platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(60))

    assert (ended.ended_at, ended.ended_by) == (NOW + seconds(60), "worker")
    assert assign(api, TaskFactory(platform=platform), worker.pk)[0] == 404
    assert api.post(f"tasks/{under_way.pk}/complete").json()["paid_amount"] == "10.000000"
    assert api.post(f"tasks/{waiting.pk}/start").json()["status"] == "in_progress"
    event = PlatformEvent.objects.get(platform=platform, type="worker.left")
    assert (event.payload["worker_id"], event.payload["ended_by"]) == (str(worker.pk), "worker")
    line = AuditLog.objects.get(action="consent.end")
    assert (line.resource_id, line.changes_after["platform"]) == (str(worker.pk), str(platform.pk))


def test_leaving_twice_or_a_platform_one_never_worked_for_is_refused(platform):
    worker = WorkerFactory()
    consent(platform, worker)
    platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(1))

    for one in (platform, PlatformFactory()):
        with pytest.raises(NoConsent):
            platforms.leave_platform(worker_id=worker.pk, platform_id=one.pk, now=NOW + seconds(2))

    assert Consent.objects.get().ended_at == NOW + seconds(1)


def test_a_worker_who_comes_back_gives_a_consent_of_its_own(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(1))

    platforms.give_consent(
        worker_id=worker.pk, platform_id=platform.pk, source="invitation", now=NOW + seconds(2)
    )

    assert Consent.objects.count() == 2
    assert assign(api, TaskFactory(platform=platform), worker.pk)[0] == 200


def test_a_consent_counts_from_its_acceptance(platform):
    worker = WorkerFactory()
    task = TaskFactory(platform=platform)
    platforms.give_consent(
        worker_id=worker.pk, platform_id=platform.pk, source="invitation", now=NOW + seconds(1)
    )

    with pytest.raises(WorkerNotFound):
        platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=NOW)


def test_giving_it_again_changes_nothing(platform):
    worker = WorkerFactory()
    first = consent(platform, worker)

    again = platforms.give_consent(
        worker_id=worker.pk, platform_id=platform.pk, source="offer", now=NOW + seconds(1)
    )

    assert again == first == Consent.objects.get()
    assert AuditLog.objects.filter(action="consent.give").count() == 1


def test_closing_an_account_ends_its_consents(platform):
    worker, colleague, other = WorkerFactory(), WorkerFactory(), PlatformFactory(funds="10.2")
    platforms.complete_task(task_id=started(worker, platform=other).pk, now=NOW)
    consent(other, colleague)
    consent(platform, colleague)

    platforms.delete_platform(platform_id=other.pk)

    ended = Consent.objects.filter(platform=other)
    assert [(one.ended_at is None, one.ended_by) for one in ended] == [(False, "platform")] * 2
    assert Consent.objects.open().get().platform == platform


def test_who_has_agreed_is_in_the_list_before_any_work(platform, api):
    first, second = WorkerFactory(full_name="Ada"), WorkerFactory(full_name="Bea")
    consent(platform, first)
    platforms.give_consent(
        worker_id=second.pk, platform_id=platform.pk, source="invitation", now=NOW + seconds(1)
    )
    consent(PlatformFactory(), WorkerFactory())

    rows = api.get("workers").json()["items"]

    assert [row["full_name"] for row in rows] == ["Bea", "Ada"]
    assert rows[1] == api.get(f"workers/{first.pk}").json()
    work = {
        name: rows[1][name] for name in ("open_tasks", "finished_tasks", "first_at", "last_at", "ended_at")
    }
    assert work == {"open_tasks": 0, "finished_tasks": 0, "first_at": None, "last_at": None, "ended_at": None}
    assert [row["full_name"] for row in api.get("workers", busy="false").json()["items"]] == ["Bea", "Ada"]
    first_page = api.get("workers", limit="1").json()
    second_page = api.get("workers", limit="1", cursor=first_page["next"]).json()
    assert [row["full_name"] for row in second_page["items"]] == ["Ada"]


def test_a_worker_leaves_over_the_api_and_keeps_their_profile_from_then_on(platform, api):
    worker = WorkerFactory(full_name="Ada")
    platforms.complete_task(task_id=started(worker, platform=platform).pk, now=NOW)
    me = Api.as_worker(worker)

    left = me.post(f"me/platforms/{platform.pk}/leave").json()

    assert (left["platform_name"], left["ended_by"]) == (platform.name, "worker")
    assert api.get("workers").json()["items"] == []
    row = api.get(f"workers/{worker.pk}").json()
    assert (row["full_name"], row["finished_tasks"], row["ended_at"]) == ("Ada", 1, left["ended_at"])
    hidden = ("reputation_score", "tier", "average_rating", "completion_rate")
    assert [row[name] for name in hidden] == [None] * 4
    adjust_reputation(worker_id=worker.pk, delta=5, reason="help")
    assert PlatformEvent.objects.filter(platform=platform, type="worker.reputation_changed").count() == 1
    is_problem(me.post(f"me/platforms/{platform.pk}/leave"), 404, "not_found")


def test_who_left_without_having_worked_is_not_shown_any_more(platform, api):
    worker = WorkerFactory()
    consent(platform, worker)
    Api.as_worker(worker).post(f"me/platforms/{platform.pk}/leave")

    is_problem(api.get(f"workers/{worker.pk}"), 404, "not_found")


def test_a_task_is_declined_by_its_worker_and_taken_back_by_its_platform(platform, api):
    worker = WorkerFactory()
    task = assigned(worker, platform=platform)
    me, other = Api.as_worker(worker), Api.as_worker(WorkerFactory())

    is_problem(other.post(f"me/tasks/{task.pk}/decline"), 404, "not_found")
    answer = me.post(f"me/tasks/{task.pk}/decline", {"reason": "too far"}).json()
    assert (answer["status"], answer["assigned_at"]) == ("created", None)
    assert me.get("me/tasks").json()["items"] == []
    is_problem(me.post(f"me/tasks/{task.pk}/decline"), 404, "not_found")

    assert assign(api, task, worker.pk)[0] == 200
    back = api.post(f"tasks/{task.pk}/unassign", {"reason": "rain"}).json()
    assert (back["status"], back["worker_id"]) == ("created", None)
    is_problem(api.post(f"tasks/{task.pk}/unassign"), 409, "illegal_status")
    assert assign(api, task, worker.pk)[0] == 200
    api.post(f"tasks/{task.pk}/start")
    is_problem(me.post(f"me/tasks/{task.pk}/decline"), 409, "illegal_status")
    assert (balance(platform, "available"), balance(platform, "escrow")) == (
        Decimal("989.8"),
        Decimal("10.2"),
    )


def test_cancelled_tasks_are_not_in_what_is_posted_a_day(platform, api):
    at = database_now()
    TaskFactory(platform=platform, amount="70", now=at)
    off = TaskFactory(platform=platform, amount="99999999999999", now=at)
    platforms.cancel_task(task_id=off.pk, now=at)

    shown = api.get("balance").json()

    assert (shown["posted_per_day"], shown["runway_days"]) == ("10.200000", "98.0")


def test_a_top_up_is_told_as_a_change_of_the_task(platform, api):
    stream = running_stream(platform=platform, total="36", now=database_now(), metadata={"order": 7})

    api.post(f"streams/{stream.pk}/top-up", {"amount": "4"})

    event = PlatformEvent.objects.get(platform=platform, type="task.updated")
    told = event.payload
    assert (told["id"], told["amount"], told["metadata"]) == (str(stream.task_id), "40.000000", {"order": 7})
