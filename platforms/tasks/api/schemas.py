"""Forms of tasks, and tasks as JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from gigstream.api.fields import (
    Amount,
    Choice,
    Id,
    Instant,
    JSONObject,
    Name,
    ReferenceText,
    StrictSerializer,
    Text,
    Whole,
)
from gigstream.api.schema.describing import describe_rows
from platforms.models import Milestone, Task
from platforms.services import MilestonePlan, TaskPlan
from platforms.tasks.enums import TaskStatus, TaskType

TASK_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "updated_at",
    "external_task_id",
    "worker_id",
    "title",
    "description",
    "task_type",
    "amount",
    "fee_bps",
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
    "completion_proof",
    "metadata",
)
MILESTONE_COLUMNS = ("number", "title", "amount", "approved_at")
TaskRow = describe_rows("TaskRow", Task, TASK_COLUMNS)
MilestoneRow = describe_rows("MilestoneRow", Milestone, MILESTONE_COLUMNS)
WholeTask = describe_rows("WholeTask", Task, TASK_COLUMNS, milestones=MilestoneRow(many=True))
MOST_MILESTONES = 100
LONGEST_TEXT = 10_000
LARGEST_INTEGER = 2**31 - 1


def task_as_json(task: Task) -> dict[str, Any]:
    """Return the task as its platform sees it."""
    return {name: getattr(task, name) for name in TASK_COLUMNS}


def whole_task_as_json(task: Task) -> dict[str, Any]:
    """Return the task with its milestones, which only milestone tasks have."""
    steps = task.milestones.order_by("number").values(*MILESTONE_COLUMNS)
    return {**task_as_json(task), "milestones": list(steps) if task.task_type == TaskType.MILESTONE else []}


class MilestoneForm(StrictSerializer):
    """A step of a milestone task."""

    title = Name(max_length=200)
    amount = Amount()


class TaskForm(StrictSerializer):
    """A task to be posted."""

    title = Name(max_length=200)
    description = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    task_type = Choice(choices=TaskType.values)
    amount = Amount(help_text="the worker's pay; the platform's fee comes on top")
    external_task_id = Text(max_length=120, required=False, help_text="your own id; unique for you")
    due_at = Instant(required=False, help_text="after now")
    milestones = serializers.ListField(
        child=MilestoneForm(), required=False, max_length=MOST_MILESTONES, help_text="of milestone tasks"
    )
    duration_seconds = Whole(min_value=1, max_value=LARGEST_INTEGER, required=False)
    release_interval = Whole(min_value=1, max_value=LARGEST_INTEGER, required=False)
    metadata = JSONObject(required=False)


def task_plan(given: Mapping[str, Any]) -> TaskPlan:
    """Return the plan in the validated data of a `TaskForm`."""
    milestones = [MilestonePlan(**step) for step in given.get("milestones", ())]
    return TaskPlan(**{**given, "milestones": milestones})


class AssignForm(StrictSerializer):
    worker_id = Id()


class CompleteForm(StrictSerializer):
    completion_proof = JSONObject(required=False)


class CancelForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class DisputeForm(StrictSerializer):
    severity = Whole(min_value=1, max_value=5)
    reason = Text(max_length=2000)


class RateForm(StrictSerializer):
    rating = Whole(min_value=1, max_value=5, help_text="of the worker")


class TaskQuery(StrictSerializer):
    """Filters of a list of tasks."""

    status = Choice(choices=TaskStatus.values, required=False)
    task_type = Choice(choices=TaskType.values, required=False)
    worker_id = Id(required=False)
    external_task_id = Text(max_length=120, required=False)
    reference = ReferenceText(required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)
