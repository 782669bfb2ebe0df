"""The forms in which times and ids may come: those that .NET, Go and Java write are among them."""

from datetime import UTC, datetime

import pytest
from django.urls import get_resolver
from django.urls.converters import UUIDConverter

from gigstream.core.clock import database_now
from platforms.models import Task
from tests.support.api.client import is_problem
from tests.support.factories import TaskFactory, running_stream

pytestmark = pytest.mark.django_db

TASK = {"title": "t", "task_type": "fixed", "amount": "1"}


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        ("2030-01-31T09:00:00Z", 0),
        ("2030-01-31T09:00:00.1Z", 100_000),
        ("2030-01-31T09:00:00.123Z", 123_000),
        ("2030-01-31T09:00:00.123456Z", 123_456),
        ("2030-01-31T09:00:00.1234567Z", 123_456),
        ("2030-01-31T09:00:00.123456789Z", 123_456),
        ("2030-01-31T09:00:00.999999999Z", 999_999),
        ("2030-01-31T09:00:00.123456789012Z", 123_456),
        ("2030-01-31t09:00:00.1234567z", 123_456),
        ("2030-01-31T11:00:00.1234567+02:00", 123_456),
        ("2030-01-31T05:30:00.123456789-03:30", 123_456),
    ],
)
def test_a_time_has_as_many_digits_of_a_second_as_its_writer_likes(api, written, microseconds):
    answer = api.post("tasks", {**TASK, "due_at": written})

    assert answer.status_code == 201, answer.content
    assert Task.objects.get().due_at == datetime(2030, 1, 31, 9, 0, 0, microseconds, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2030-01-31T09:00:00.Z",
        "2030-01-31T09:00:00,5Z",
        "2030-01-31T09:00:00.1234567",
        "2030-01-31 09:00:00.1234567Z",
        f"2030-01-31T09:00:00.{'1' * 33}Z",
        "2030-01-31T09:00:00.12345a7Z",
    ],
)
def test_what_is_no_time_is_refused_as_before(api, written):
    is_problem(api.post("tasks", {**TASK, "due_at": written}), 400, "invalid_input")

    assert not Task.objects.exists()


def test_a_list_is_narrowed_by_a_time_of_nine_digits(api, platform):
    task = TaskFactory(platform=platform)

    for moment, found in (("2020-01-01T00:00:00.123456789Z", [str(task.pk)]), ("2099-01-01T00:00:00.1z", [])):
        assert [row["id"] for row in api.get("tasks", created_from=moment).json()["items"]] == found


def test_an_id_in_capitals_is_found_in_every_path(api, platform):
    stream = running_stream(platform=platform, now=database_now())

    for kind, pk in (("streams", stream.pk), ("tasks", stream.task_id), ("workers", stream.worker_id)):
        answer = api.get(f"{kind}/{str(pk).upper()}")
        assert (answer.status_code, answer.json()) == (200, api.get(f"{kind}/{pk}").json())
    assert api.post(f"streams/{str(stream.pk).upper()}/pause").json()["status"] == "paused"
    assert api.get("tasks", worker_id=str(stream.worker_id).upper()).json()["items"]


def test_no_address_takes_ids_in_lower_case_alone():
    """The converter of Django takes no capitals."""

    def converters(resolver):
        for one in resolver.url_patterns:
            yield from one.pattern.converters.values()
            if hasattr(one, "url_patterns"):
                yield from converters(one)

    found = [type(one) for one in converters(get_resolver())]
    assert UUIDConverter not in found
    assert any(issubclass(one, UUIDConverter) for one in found)
