"""A worker's own tasks over the API."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Choice, NothingForm, Text
from gigstream.lib.api.listing import narrow
from platforms import services
from platforms.api.serializers import CancelForm, MilestoneRow
from platforms.enums import TaskStatus, TaskType
from platforms.models import Consent, Milestone, Task
from workers.http import MyView, PeriodQuery

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


_PLATFORM_NAME = Text(help_text="who posted it")
MyTaskRow = described("MyTaskRow", Task, COLUMNS, platform_name=_PLATFORM_NAME)
MyWholeTask = described(
    "MyWholeTask", Task, COLUMNS, platform_name=_PLATFORM_NAME, milestones=MilestoneRow(many=True)
)


def own_tasks(worker_id: UUID) -> QuerySet[Task, dict[str, Any]]:
    """The only tasks there are for this worker."""
    rows = Task.objects.filter(worker=worker_id)
    return rows.annotate(platform_name=F("platform__name")).values(*COLUMNS)


class MyTaskView(MyView):
    """Tasks that are or were the worker's."""

    def own(self, request: Request) -> QuerySet[Task, dict[str, Any]]:
        return own_tasks(self.worker(request).pk)


class MyTasks(MyTaskView):
    """`me/tasks`."""

    query = MyTaskQuery
    doors = {"GET": Door("list_my_tasks", MyTaskRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """The worker's tasks, newest first."""
        return self.paged(request, narrow(self.own(request), self.read_query(request)))


class MyTask(MyTaskView):
    """`me/tasks/{id}`."""

    doors = {"GET": Door("get_my_task", MyWholeTask)}

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        """One of the worker's tasks, with its milestones."""
        task = self.own(request).filter(pk=task_id).first()
        if task is None:
            raise Http404
        steps = Milestone.objects.filter(task=task_id).order_by("number")
        shown = steps.values("number", "title", "amount", "approved_at")
        return json(200, {**task, "milestones": list(shown)})


class Decline(MyView):
    """`me/tasks/{id}/decline`."""

    moves_money = True
    doors = {"POST": Door("decline_my_task", MyTaskRow, takes=CancelForm)}

    def post(self, request: Request, task_id: UUID) -> HttpResponse:
        """Give back a task that you have not begun. It is on nobody's record, and no longer among yours; the
        answer shows it as it is then."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not Task.objects.filter(pk=task_id, worker=worker).exists():
                raise Http404
            services.decline_task(task_id=task_id, worker_id=worker.pk, **given)
            rows = Task.objects.filter(pk=task_id).annotate(platform_name=F("platform__name"))
            return 200, rows.values(*COLUMNS).get()

        return self.perform(request, act)


ConsentRow = described(
    "ConsentRow",
    Consent,
    ("platform_id", "accepted_at", "ended_at", "ended_by"),
    platform_name=_PLATFORM_NAME,
)


class Leave(MyView):
    """`me/platforms/{id}/leave`."""

    doors = {"POST": Door("leave_platform", ConsentRow, takes=NothingForm)}

    def post(self, request: Request, platform_id: UUID) -> HttpResponse:
        """Work for the platform no more. What is assigned to you goes on; it can assign nothing new."""
        self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not Consent.objects.open().filter(worker=worker, platform=platform_id).exists():
                raise Http404
            consent = services.leave_platform(worker_id=worker.pk, platform_id=platform_id)
            return 200, {
                "platform_id": consent.platform_id,
                "accepted_at": consent.accepted_at,
                "ended_at": consent.ended_at,
                "ended_by": consent.ended_by,
                "platform_name": consent.platform.name,
            }

        return self.perform(request, act)
