"""Tasks over the API: posted, found, and moved by the services."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import ApiView, json
from gigstream.lib.api.callers import PLATFORM
from platforms import services
from platforms.api.authentication import platform_of
from platforms.api.serializers import (
    TASK_COLUMNS,
    AssignForm,
    CancelForm,
    CompleteForm,
    DisputeForm,
    NothingForm,
    RateForm,
    TaskForm,
    TaskQuery,
    shown_whole,
)
from platforms.models import Task
from platforms.services import MilestonePlan


class TaskView(ApiView):
    """Whatever a platform does with its own tasks."""

    callers = (PLATFORM,)
    resource = "tasks"

    def own(self, request: Request) -> QuerySet[Task]:
        """The only tasks there are for this caller."""
        return Task.objects.filter(platform=platform_of(request))

    def own_one(self, request: Request, task_id: UUID) -> Task:
        task = self.own(request).filter(pk=task_id).first()
        if task is None:
            raise Http404
        return task


class Tasks(TaskView):
    """`tasks`: all of the platform's, and a new one."""

    form = TaskForm
    query = TaskQuery

    def get(self, request: Request) -> HttpResponse:
        narrowed = self.read_query(request)
        rows = self.own(request)
        bounds = {"created_from": "created_at__gte", "created_to": "created_at__lt"}
        for name, value in narrowed.items():
            rows = rows.filter(**{bounds.get(name, name): value})
        return self.paged(request, rows.values(*TASK_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request, TaskForm)
        plans = [MilestonePlan(**plan) for plan in given.pop("milestones", ())]

        def act() -> tuple[int, Any]:
            task = services.create_task(platform_id=platform_of(request).pk, milestones=plans, **given)
            return 201, shown_whole(task)

        return self.perform(request, act)


class OneTask(TaskView):
    """`tasks/{id}`."""

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        return json(200, shown_whole(self.own_one(request, task_id)))


class TaskAct(TaskView):
    """`tasks/{id}/…`: one act on one task, answered with the task as it is then."""

    moves_money = True
    form: ClassVar[type[serializers.Serializer]] = NothingForm

    def post(self, request: Request, task_id: UUID, **more: Any) -> HttpResponse:
        given = self.read(request, self.form)
        task = self.own_one(request, task_id)

        def act() -> tuple[int, Any]:
            self.act(task.pk, **given, **more)
            return 200, shown_whole(Task.objects.get(pk=task.pk))

        return self.perform(request, act)

    def act(self, task_id: UUID, **given: Any) -> Any:
        """What the service does."""
        raise NotImplementedError


class Assign(TaskAct):
    form = AssignForm

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.assign_task(task_id=task_id, **given)


class Start(TaskAct):
    def act(self, task_id: UUID, **given: Any) -> Any:
        services.start_task(task_id=task_id)


class Complete(TaskAct):
    form = CompleteForm

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.complete_task(task_id=task_id, **given)


class Cancel(TaskAct):
    form = CancelForm

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.cancel_task(task_id=task_id, **given)


class Dispute(TaskAct):
    form = DisputeForm

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.dispute_task(task_id=task_id, **given)


class Rate(TaskAct):
    moves_money = False
    form = RateForm

    def act(self, task_id: UUID, **given: Any) -> Any:
        services.rate_worker(task_id=task_id, **given)


class ApproveMilestone(TaskAct):
    def act(self, task_id: UUID, **given: Any) -> Any:
        services.approve_milestone(task_id=task_id, **given)
