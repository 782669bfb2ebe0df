"""Batches of tasks or reports: each item of a request is judged alone and has a result of its own."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api import problems
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, Day, Id, Items, JSONObject, StrictSerializer, Text, Whole
from gigstream.api.schema.describing import describe_rows
from gigstream.api.schema.schemas import Problem
from gigstream.core.errors import Refusal
from platforms import services
from platforms.models import Milestone, Task, WorkEvent
from platforms.platforms.views import PlatformView
from platforms.services import WorkReport
from platforms.tasks.api.schemas import MilestoneRow, TaskForm, WholeTask, task_as_json, task_plan
from platforms.tasks.enums import WorkEventType

MOST_TASKS, MOST_EVENTS = 100, 1000
LARGEST_NUMBER = 32_767
EVENT_COLUMNS = (
    "id",
    "created_at",
    "task_id",
    "event_type",
    "external_id",
    "event_date",
    "milestone_number",
    "amount",
)
Form = serializers.Serializer
Result = dict[str, Any] | Refusal | serializers.ValidationError


class BulkTaskForm(StrictSerializer):
    """Tasks to be posted; each is judged alone."""

    tasks = Items(TaskForm, most=MOST_TASKS)


class WorkEventForm(StrictSerializer):
    """A report of work. The same task, type, external id and day are the same work event."""

    task_id = Id()
    event_type = Choice(choices=WorkEventType.values)
    external_id = Text(max_length=120, required=False, help_text="your own id of the work event")
    event_date = Day(required=False)
    milestone_number = Whole(min_value=1, max_value=LARGEST_NUMBER, required=False)
    amount = Amount(required=False, help_text="of a bonus")
    data = JSONObject(required=False)  # type: ignore[assignment]


class WorkEventsForm(StrictSerializer):
    """Reports, in the order in which things happened; each is judged alone."""

    events = Items(WorkEventForm, most=MOST_EVENTS)


class TaskResult(Form):
    """A task or a problem, by `status`."""

    status = Whole(help_text="201, or the status of the problem")
    task = WholeTask(required=False)
    problem = Problem(required=False)


class TaskResults(Form):
    """Results in the order of the request."""

    results = TaskResult(many=True)


WorkEventRow = describe_rows("WorkEventRow", WorkEvent, EVENT_COLUMNS)


class WorkEventResult(Form):
    """A work event or a problem, by `status`."""

    status = Whole(help_text="201 when it was new, 200 when it was known, or the status of the problem")
    event = WorkEventRow(required=False)
    problem = Problem(required=False)


class WorkEventResults(Form):
    """Results in the order of the request."""

    results = WorkEventResult(many=True)


class BatchView(PlatformView):
    """Base view that reads each item by its form, processes the valid items together and answers for all."""

    resource = "tasks"

    def answer_each(
        self,
        request: Request,
        form: type[serializers.Serializer],
        items: Sequence[Any],
        process: Callable[[list[dict[str, Any]]], list[Result]],
    ) -> HttpResponse:
        """Answer with a result for each item. `process` returns a dict or a refusal for each valid item."""
        read = [_read_item(form, item) for item in items]

        def act() -> tuple[int, Any]:
            done = iter(process([item for item in read if isinstance(item, dict)]))
            results = [next(done) if isinstance(item, dict) else item for item in read]
            return 200, {"results": [_result_as_json(request, result) for result in results]}

        return self.perform(request, act)


def _read_item(form: type[serializers.Serializer], item: Any) -> dict[str, Any] | serializers.ValidationError:
    given = form(data=item)
    try:
        given.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        return error
    values: dict[str, Any] = given.validated_data
    return dict(values)


def _result_as_json(request: Request, result: Result) -> dict[str, Any]:
    if isinstance(result, Refusal | serializers.ValidationError):
        body = problems.item_problem(request._request, result)
        return {"status": body["status"], "problem": body}
    return result


class BulkTasks(BatchView):
    """`tasks/bulk`."""

    endpoints = {"POST": Endpoint("create_tasks", TaskResults, takes=BulkTaskForm)}

    def post(self, request: Request) -> HttpResponse:
        """Post up to 100 tasks. A refused task does not affect the others."""
        return self.answer_each(request, TaskForm, self.read(request)["tasks"], self.create)

    def create(self, items: list[dict[str, Any]]) -> list[Result]:
        """Post the tasks; return each posted task, or its refusal."""
        plans = [task_plan(item) for item in items]
        results = services.create_tasks(platform_id=self.platform.pk, plans=plans)
        steps = _steps_by_task([task for task in results if isinstance(task, Task)])
        return [
            result if isinstance(result, Refusal) else _posted_result(result, steps.get(result.pk, []))
            for result in results
        ]


def _posted_result(task: Task, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": 201, "task": {**task_as_json(task), "milestones": steps}}


def _steps_by_task(tasks: Sequence[Task]) -> dict[Any, list[dict[str, Any]]]:
    names = tuple(MilestoneRow().fields)
    found: dict[Any, list[dict[str, Any]]] = {}
    rows = Milestone.objects.filter(task__in=tasks).order_by("task", "number")
    for row in rows.values("task_id", *names):
        found.setdefault(row.pop("task_id"), []).append(row)
    return found


class WorkEvents(BatchView):
    """`work-events`."""

    moves_money = True
    endpoints = {"POST": Endpoint("report_work_events", WorkEventResults, takes=WorkEventsForm)}

    def post(self, request: Request) -> HttpResponse:
        """Report up to 1000 work events. A repeated report changes nothing and gets the first result."""
        return self.answer_each(request, WorkEventForm, self.read(request)["events"], self.report)

    def report(self, items: list[dict[str, Any]]) -> list[Result]:
        """Record the reports; return each work event, or its refusal."""
        reports = [WorkReport(**item) for item in items]
        results = services.record_work_events(platform_id=self.platform.pk, reports=reports)
        return [result if isinstance(result, Refusal) else _recorded_result(*result) for result in results]


def _recorded_result(event: WorkEvent, new: bool) -> dict[str, Any]:
    columns = {name: getattr(event, name) for name in EVENT_COLUMNS}
    return {"status": 201 if new else 200, "event": columns}
