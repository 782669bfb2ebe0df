"""Tasks over the API, for platforms."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from platforms import services
from platforms.models import Task
from platforms.platforms.views import PlatformView
from platforms.tasks.api.schemas import (
    TASK_COLUMNS,
    AssignForm,
    CancelForm,
    CompleteForm,
    DisputeForm,
    RateForm,
    TaskForm,
    TaskQuery,
    TaskRow,
    WholeTask,
    task_plan,
    whole_task_as_json,
)


class TaskView(PlatformView):
    """Base view of a platform's own tasks."""

    resource = "tasks"

    def own(self) -> QuerySet[Task]:
        return Task.objects.filter(platform=self.platform)


class Tasks(TaskView):
    """`tasks`."""

    query = TaskQuery
    endpoints = {
        "GET": Endpoint("list_tasks", TaskRow, listed=True),
        "POST": Endpoint("create_task", WholeTask, takes=TaskForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's tasks, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*TASK_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Post a task. Its money is held when it is assigned."""
        plan = task_plan(self.read(request))

        def act() -> tuple[int, Any]:
            task = services.create_task(platform_id=self.platform.pk, plan=plan)
            return 201, whole_task_as_json(task)

        return self.perform(request, act)


class OneTask(TaskView):
    """`tasks/{id}`."""

    endpoints = {"GET": Endpoint("get_task", WholeTask)}

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        """Return a task, with its milestones."""
        return json_response(200, whole_task_as_json(self.own_one(pk=task_id)))


class TaskCommand(TaskView, RowCommand):
    """Base view of `tasks/{id}/…`: a command on a task, answered with the task as it is then."""

    row_id = "task_id"
    as_json = staticmethod(whole_task_as_json)


class Assign(TaskCommand):
    """Assign the task to a worker. Its pay and fee are held in escrow."""

    endpoints = {"POST": Endpoint("assign_task", WholeTask, takes=AssignForm)}
    service = staticmethod(services.assign_task)


class Unassign(TaskCommand):
    """Take the task back before its worker has begun. It is posted as before, and its money comes back."""

    endpoints = {"POST": Endpoint("unassign_task", WholeTask, takes=CancelForm)}
    service = staticmethod(services.unassign_task)


class Start(TaskCommand):
    """Start the work. A time-based task's pay streams from now."""

    endpoints = {"POST": Endpoint("start_task", WholeTask, takes=NothingForm)}
    service = staticmethod(services.start_task)


class Complete(TaskCommand):
    """Complete the task. All that is still held for it is paid."""

    endpoints = {"POST": Endpoint("complete_task", WholeTask, takes=CompleteForm)}
    service = staticmethod(services.complete_task)


class Cancel(TaskCommand):
    """Cancel the task. Its vested part is paid, the rest goes back."""

    endpoints = {"POST": Endpoint("cancel_task", WholeTask, takes=CancelForm)}
    service = staticmethod(services.cancel_task)


class Dispute(TaskCommand):
    """Dispute the work. No more is paid until staff resolve it."""

    endpoints = {"POST": Endpoint("dispute_task", WholeTask, takes=DisputeForm)}
    service = staticmethod(services.dispute_task)


class Rate(TaskCommand):
    """Rate the worker of a completed task, once."""

    moves_money = False
    endpoints = {"POST": Endpoint("rate_worker", WholeTask, takes=RateForm)}
    service = staticmethod(services.rate_worker)


class ApproveMilestone(TaskCommand):
    """Approve the next milestone. It is paid; the last completes the task."""

    endpoints = {"POST": Endpoint("approve_milestone", WholeTask, takes=NothingForm)}
    service = staticmethod(services.approve_milestone)
