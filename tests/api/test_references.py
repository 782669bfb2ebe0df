"""References over the API: short numbers by which people name rows, and find them."""

import pytest

from payments import services as payments
from payments.models import Stream, Transaction
from platforms import services as platforms
from tests.support.api.client import Api, is_problem
from tests.support.factories import NOW, WorkerFactory, assigned, running_stream, seconds, settle, started

pytestmark = pytest.mark.django_db


def ids(answer) -> list[str]:
    return [row["id"] for row in answer.json()["items"]]


def test_a_task_is_found_by_its_reference_as_people_write_it(platform, api):
    task, other = (assigned(platform=platform) for _ in range(2))
    assert api.get(f"tasks/{task.pk}").json()["reference"] == task.reference
    for written in (task.reference, task.reference.lower(), task.short_number, f"ta{task.short_number}"):
        assert ids(api.get("tasks", reference=written)) == [str(task.pk)]
    assert ids(api.get("tasks", reference=f"PO-{task.short_number}")) == []
    assert ids(api.get("tasks")) == [str(other.pk), str(task.pk)]


def test_what_is_no_reference_is_refused(platform, api):
    for written in ("TA-12", "TA-7K3M2U", "Alice Johnson", "x" * 100):
        is_problem(api.get("tasks", reference=written), 400, "invalid_input")


def test_a_reference_of_another_platforms_task_finds_nothing(platform, api):
    stranger = started()
    assert ids(api.get("tasks", reference=stranger.reference)) == []


def test_workers_are_found_by_their_reference(platform, api):
    worker, other = WorkerFactory(), WorkerFactory()
    for one in (worker, other):
        started(one, platform=platform)
    assert ids(api.get("workers", reference=worker.reference)) == [str(worker.pk)]
    assert ids(api.get("workers", reference="WK-000000")) == []


def test_a_payout_has_one_reference_for_its_worker_and_for_the_platforms(platform, api):
    worker = WorkerFactory()
    task = started(worker, amount="20", platform=platform)
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW + seconds(1))
    settle(NOW + seconds(60))
    payout = Transaction.objects.get(type="payout", worker=worker)
    mine = Api.as_worker(worker)
    for found in (
        mine.get("me/payouts", reference=payout.reference),
        mine.get("me/transactions", reference=payout.reference),
        api.get("transactions", type="payout", reference=payout.reference),
    ):
        assert [row["reference"] for row in found.json()["items"]] == [payout.reference]
    assert ids(mine.get("me/payouts", reference="PO-000000")) == []
    assert ids(api.get("transactions", type="payout", reference="PO-000000")) == []


def test_a_stream_is_named_by_the_letters_of_its_task(platform, api):
    stream = running_stream(WorkerFactory(), platform=platform)
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(90))
    assert api.get(f"streams/{stream.pk}").json()["reference"] == f"ST-{stream.task.short_number}"
    assert Stream.objects.get().reference == f"ST-{stream.task.short_number}"
