"""Many tasks or reports in one request: each item on its own, with a result of its own."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.lib.api import problems
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Amount, Choice, Day, Id, Items, JSONObject, StrictSerializer, Text, Whole
from gigstream.lib.api.forms import Problem
from gigstream.lib.errors import Refusal
from platforms import services
from platforms.api.serializers import MilestoneRow, TaskForm, WholeTask, shown
from platforms.enums import WorkEventType
from platforms.http import PlatformView
from platforms.models import Milestone, Task, WorkEvent
from platforms.services import MilestonePlan, TaskPlan, WorkReport

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
Result = Any


class BulkTaskForm(StrictSerializer):
    """Tasks to be posted; each is judged on its own."""

    tasks = Items(TaskForm, most=MOST_TASKS)


class WorkEventForm(StrictSerializer):
    """What happened. The same task, type, external id and day are the same fact."""

    task_id = Id()
    event_type = Choice(choices=WorkEventType.values)
    external_id = Text(max_length=120, required=False, help_text="your own id of the fact")
    event_date = Day(required=False)
    milestone_number = Whole(min_value=1, max_value=LARGEST_NUMBER, required=False)
    amount = Amount(required=False, help_text="of a bonus")
    data = JSONObject(required=False)  # type: ignore[assignment]


class WorkEventsForm(StrictSerializer):
    """Reports, in the order in which things happened; each is judged on its own."""

    events = Items(WorkEventForm, most=MOST_EVENTS)


class TaskResult(Form):
    """One of the two, by `status`."""

    status = Whole(help_text="201, or the status of the problem")
    task = WholeTask(required=False)
    problem = Problem(required=False)


class TaskResults(Form):
    """In the order of the request."""

    results = TaskResult(many=True)


WorkEventRow = described("WorkEventRow", WorkEvent, EVENT_COLUMNS)


class WorkEventResult(Form):
    """One of the two, by `status`."""

    status = Whole(help_text="201 when it was new, 200 when it was known, or the status of the problem")
    event = WorkEventRow(required=False)
    problem = Problem(required=False)


class WorkEventResults(Form):
    """In the order of the request."""

    results = WorkEventResult(many=True)


class BatchView(PlatformView):
    """Reads each item by its form, hands over the good ones together, and answers for all."""

    resource = "tasks"

    def answer_each(
        self,
        request: Request,
        form: type[serializers.Serializer],
        items: Sequence[Any],
        do: Callable[[list[dict[str, Any]]], list[Result]],
    ) -> HttpResponse:
        """`do` gives a result for each good item: a dict, or the refusal."""
        read = [_read(form, item) for item in items]

        def act() -> tuple[int, Any]:
            done = iter(do([one for one in read if isinstance(one, dict)]))
            results = [next(done) if isinstance(one, dict) else one for one in read]
            return 200, {"results": [_told(request, one) for one in results]}

        return self.perform(request, act)


def _read(form: type[serializers.Serializer], item: Any) -> dict[str, Any] | serializers.ValidationError:
    given = form(data=item)
    try:
        given.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        return error
    values: dict[str, Any] = given.validated_data
    return dict(values)


def _told(request: Request, result: Result) -> dict[str, Any]:
    if isinstance(result, Refusal | serializers.ValidationError):
        body = problems.of_item(request._request, result)
        return {"status": body["status"], "problem": body}
    told: dict[str, Any] = result
    return told


class BulkTasks(BatchView):
    """`tasks/bulk`."""

    doors = {"POST": Door("create_tasks", TaskResults, takes=BulkTaskForm)}

    def post(self, request: Request) -> HttpResponse:
        """Post up to 100 tasks. A refused one leaves the others standing."""
        return self.answer_each(request, TaskForm, self.read(request)["tasks"], self.create)

    def create(self, items: list[dict[str, Any]]) -> list[Result]:
        """The tasks that were posted, whole, and the refusals of the others."""
        plans = [
            TaskPlan(**{**item, "milestones": [MilestonePlan(**one) for one in item.get("milestones", ())]})
            for item in items
        ]
        results = services.create_tasks(platform_id=self.platform.pk, plans=plans)
        steps = _steps([task for task in results if isinstance(task, Task)])
        return [one if isinstance(one, Refusal) else _posted(one, steps.get(one.pk, [])) for one in results]


def _posted(task: Task, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": 201, "task": {**shown(task), "milestones": steps}}


def _steps(tasks: Sequence[Task]) -> dict[Any, list[dict[str, Any]]]:
    names = tuple(MilestoneRow().fields)
    found: dict[Any, list[dict[str, Any]]] = {}
    rows = Milestone.objects.filter(task__in=tasks).order_by("task", "number")
    for row in rows.values("task_id", *names):
        found.setdefault(row.pop("task_id"), []).append(row)
    return found


class WorkEvents(BatchView):
    """`work-events`."""

    moves_money = True
    doors = {"POST": Door("report_work_events", WorkEventResults, takes=WorkEventsForm)}

    def post(self, request: Request) -> HttpResponse:
        """Report up to 1000 facts. The same fact again changes nothing and gets the first result."""
        return self.answer_each(request, WorkEventForm, self.read(request)["events"], self.report)

    def report(self, items: list[dict[str, Any]]) -> list[Result]:
        """The facts on record, and the refusals of the others."""
        reports = [WorkReport(**item) for item in items]
        results = services.record_work_events(platform_id=self.platform.pk, reports=reports)
        return [one if isinstance(one, Refusal) else _recorded(*one) for one in results]


def _recorded(event: WorkEvent, new: bool) -> dict[str, Any]:
    columns = {name: getattr(event, name) for name in EVENT_COLUMNS}
    return {"status": 201 if new else 200, "event": columns}
