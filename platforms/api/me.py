"""A worker's own tasks over the API."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.fields import Choice
from platforms.enums import TaskStatus, TaskType
from platforms.models import Milestone, Task
from workers.http import MyView, PeriodQuery, conditions

# What a worker sees of a task: not the platform's own numbers, fee and notes.
COLUMNS = (
    "id",
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
    "disputed_at",
    "duration_seconds",
    "release_interval",
    "paid_amount",
    "worker_rating",
    "platform_rating",
)


class MyTaskQuery(PeriodQuery):
    status = Choice(choices=TaskStatus.values, required=False)
    task_type = Choice(choices=TaskType.values, required=False)


class MyTaskView(MyView):
    """Tasks that are or were the worker's."""

    def own(self, request: Request) -> QuerySet[Task, dict[str, Any]]:
        rows = Task.objects.filter(worker=self.worker(request))
        return rows.annotate(platform_name=F("platform__name")).values(*COLUMNS)


class MyTasks(MyTaskView):
    """`me/tasks`."""

    query = MyTaskQuery

    def get(self, request: Request) -> HttpResponse:
        return self.paged(request, self.own(request).filter(**conditions(self.read_query(request))))


class MyTask(MyTaskView):
    """`me/tasks/{id}`, with its milestones."""

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        task = self.own(request).filter(pk=task_id).first()
        if task is None:
            raise Http404
        steps = Milestone.objects.filter(task=task_id).order_by("number")
        shown = steps.values("number", "title", "amount", "approved_at")
        return json(200, {**task, "milestones": list(shown)})
