"""A worker's own tasks over the API."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, ReferenceText, Text
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from platforms import services
from platforms.models import Milestone, Task
from platforms.tasks.api.schemas import CancelForm, MilestoneRow
from platforms.tasks.enums import TaskStatus, TaskType
from workers.sign_in.views import MyView, PeriodQuery

# The columns of a task that its worker sees: not the platform's own numbers, fee and notes.
COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "platform_id",
    "platform_name",
    "title",
    "description",
    "task_type",
    "amount",
    "status",
    "due_at",
    "assigned_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "cancelled_by",
    "at_fault",
    "disputed_at",
    "duration_seconds",
    "release_interval",
    "paid_amount",
    "payout_status",
    "paid_out_at",
    "worker_rating",
    "platform_rating",
)


class MyTaskQuery(PeriodQuery):
    status = Choice(choices=TaskStatus.values, required=False)
    task_type = Choice(choices=TaskType.values, required=False)
    reference = ReferenceText(required=False)


_PLATFORM_NAME = Text(help_text="the platform that posted it")


MyTaskRow = describe_rows("MyTaskRow", Task, COLUMNS, platform_name=_PLATFORM_NAME)


MyWholeTask = describe_rows(
    "MyWholeTask", Task, COLUMNS, platform_name=_PLATFORM_NAME, milestones=MilestoneRow(many=True)
)


def own_tasks(worker_id: UUID) -> QuerySet[Task, dict[str, Any]]:
    """Return the worker's tasks, the only tasks that they can reach."""
    rows = Task.objects.filter(worker=worker_id)
    return rows.annotate(platform_name=F("platform__name")).values(*COLUMNS)


class MyTaskView(MyView):
    """Base view of tasks that are or were the worker's."""

    def own(self, request: Request) -> QuerySet[Task, dict[str, Any]]:
        return own_tasks(self.worker(request).pk)


class MyTasks(MyTaskView):
    """`me/tasks`."""

    query = MyTaskQuery
    endpoints = {"GET": Endpoint("list_my_tasks", MyTaskRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the worker's tasks, newest first."""
        return self.paged(request, narrow_rows(self.own(request), self.read_query(request)))


class MyTask(MyTaskView):
    """`me/tasks/{id}`."""

    endpoints = {"GET": Endpoint("get_my_task", MyWholeTask)}

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        """Return a task of the worker, with its milestones."""
        task = self.own(request).filter(pk=task_id).first()
        if task is None:
            raise Http404
        steps = Milestone.objects.filter(task=task_id).order_by("number")
        milestones = steps.values("number", "title", "amount", "approved_at")
        return json_response(200, {**task, "milestones": list(milestones)})


class Decline(MyView):
    """`me/tasks/{id}/decline`."""

    moves_money = True
    endpoints = {"POST": Endpoint("decline_my_task", MyTaskRow, takes=CancelForm)}

    def post(self, request: Request, task_id: UUID) -> HttpResponse:
        """Give back a task that you have not begun. It is on nobody's record, and no longer among your tasks;
        the answer shows it as it is then."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not Task.objects.filter(pk=task_id, worker=worker).exists():
                raise Http404
            services.decline_task(task_id=task_id, worker_id=worker.pk, **given)
            rows = Task.objects.filter(pk=task_id).annotate(platform_name=F("platform__name"))
            return 200, rows.values(*COLUMNS).get()

        return self.perform(request, act)
