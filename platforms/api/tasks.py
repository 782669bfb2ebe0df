"""Tasks over the API: posted, found, and moved by the services."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import NothingForm
from gigstream.lib.api.listing import narrow
from platforms import services
from platforms.api.serializers import (
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
    shown_whole,
)
from platforms.http import PlatformView
from platforms.models import Task
from platforms.services import MilestonePlan


class TaskView(PlatformView):
    """Whatever a platform does with its own tasks."""

    resource = "tasks"

    def own(self) -> QuerySet[Task]:
        return Task.objects.filter(platform=self.platform)


class Tasks(TaskView):
    """`tasks`: all of the platform's, and a new one."""

    query = TaskQuery
    doors = {
        "GET": Door("list_tasks", TaskRow, listed=True),
        "POST": Door("create_task", WholeTask, takes=TaskForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """The platform's tasks, newest first."""
        rows = narrow(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*TASK_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Post a task. No money is held before it is assigned."""
        given = self.read(request)
        plans = [MilestonePlan(**plan) for plan in given.pop("milestones", ())]

        def act() -> tuple[int, Any]:
            task = services.create_task(platform_id=self.platform.pk, milestones=plans, **given)
            return 201, shown_whole(task)

        return self.perform(request, act)


class OneTask(TaskView):
    """`tasks/{id}`."""

    doors = {"GET": Door("get_task", WholeTask)}

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        """One task, with its milestones."""
        return json(200, shown_whole(self.own_one(pk=task_id)))


class TaskAct(TaskView):
    """`tasks/{id}/…`: one act on one task, answered with the task as it is then."""

    moves_money = True

    def post(self, request: Request, task_id: UUID, **more: Any) -> HttpResponse:
        given = self.read(request)
        task = self.own_one(pk=task_id)

        def act() -> tuple[int, Any]:
            self.act(task.pk, **given, **more)
            return 200, shown_whole(Task.objects.get(pk=task.pk))

        return self.perform(request, act)

    def act(self, task_id: UUID, **given: Any) -> Any:
        """What the service does."""
        raise NotImplementedError


class Assign(TaskAct):
    """Give the task to a worker. Its pay and fee are held in escrow."""

    doors = {"POST": Door("assign_task", WholeTask, takes=AssignForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.assign_task(task_id=task_id, **given)


class Unassign(TaskAct):
    """Take the task back before its worker has begun. It is posted as before, and its money comes back."""

    doors = {"POST": Door("unassign_task", WholeTask, takes=CancelForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.unassign_task(task_id=task_id, **given)


class Start(TaskAct):
    """Work has begun. A time-based task's pay streams from now."""

    doors = {"POST": Door("start_task", WholeTask, takes=NothingForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.start_task(task_id=task_id)


class Complete(TaskAct):
    """The task is done. All that is still held for it is paid."""

    doors = {"POST": Door("complete_task", WholeTask, takes=CompleteForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.complete_task(task_id=task_id, **given)


class Cancel(TaskAct):
    """The task is off. What has vested is paid, the rest goes back."""

    doors = {"POST": Door("cancel_task", WholeTask, takes=CancelForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.cancel_task(task_id=task_id, **given)


class Dispute(TaskAct):
    """Disagree about the work. Nothing more is paid until staff resolve it."""

    doors = {"POST": Door("dispute_task", WholeTask, takes=DisputeForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.dispute_task(task_id=task_id, **given)


class Rate(TaskAct):
    """Rate the worker of a completed task, once."""

    moves_money = False
    doors = {"POST": Door("rate_worker", WholeTask, takes=RateForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.rate_worker(task_id=task_id, **given)


class ApproveMilestone(TaskAct):
    """Approve the next milestone. It is paid; the last one completes the task."""

    doors = {"POST": Door("approve_milestone", WholeTask, takes=NothingForm)}

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.approve_milestone(task_id=task_id, **given)
