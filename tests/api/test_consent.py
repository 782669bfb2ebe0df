"""Whom a platform may assign: workers who have agreed to work for it, and nobody else."""

import json

import pytest

from audit.models import AuditLog
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.errors import NoConsent, WorkerNotFound
from platforms.models import Consent, Event, Task
from tests.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    balance,
    consent,
    seconds,
    started,
)
from workers import services as workers

pytestmark = pytest.mark.django_db

NOBODY = "01900000-0000-7000-8000-000000000000"


def assign(api, task, worker_id):
    """The status and the body of the answer, without what is different in each request."""
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
    workers.suspend_worker(worker_id=stranger.pk, reason="checks")
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
    event = Event.objects.get(platform=platform, type="worker.left")
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
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, platform=platform).pk, now=NOW)
    other = PlatformFactory()
    consent(other, worker)
    consent(other, WorkerFactory())

    platforms.delete_platform(platform_id=other.pk)

    assert not Consent.objects.open().filter(platform_id=other.pk).exists()
    assert Consent.objects.open().get().platform_id == platform.pk
