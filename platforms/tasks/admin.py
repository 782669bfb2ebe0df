"""Pages for staff: tasks, milestones, work events and disputes."""

from django.contrib import admin
from django.db.models import Model, Q

from audit.decisions.admin import decisions_table
from gigstream.adminkit import ReadOnlyAdmin, RowAction, Table, by_email, by_uuid, show_on
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import (
    MOST_NAMED,
    by_amount,
    by_parts,
    by_reference,
    by_related,
    found_first,
    in_full,
)
from platforms import services
from platforms.figures.reports import TaskCompletionStats
from platforms.models import (
    ApiKey,
    Dispute,
    Engagement,
    Milestone,
    Platform,
    PlatformEvent,
    Task,
    WebhookDelivery,
    WorkEvent,
)
from platforms.platforms.admin.platforms import MOST_WITH_EXTERNAL_ID
from platforms.tasks.enums import TASK_MOVES, TaskStatus
from platforms.tasks.forms import SplitForm, still_held
from workers.models import Worker


@in_full
def _by_external_id(model: type[Model], term: str) -> Q:
    """Return the tasks with this external id, found first: among other conditions no index would find
    them."""
    named = Task.objects.with_external_id(term).order_by().values_list("pk", flat=True)
    return Q(pk__in=list(named[:MOST_WITH_EXTERNAL_ID]))


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "status",
        "worker",
        "platform",
        "task_type",
        "amount",
        "paid_amount",
        "created_at",
    )
    list_select_related = ("platform", "worker")
    list_filter = ("status", "task_type", "created_at")
    belongs = ("worker", "platform")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_reference(),
        by_uuid("id", "worker_id", "platform_id"),
        by_related("worker", by_email("email"), by_parts("full_name")),
        _by_external_id,
        by_amount("amount"),
        found_first(by_parts("title")),
    )
    search_help_text = (
        f"reference, parts of the title (newest {MOST_NAMED}) or of the worker's name, amount, external id,"
        " worker's email, id or its beginning"
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "status",
                    "task_type",
                    ("platform", "worker"),
                    ("amount", "fee_bps"),
                    "paid_amount",
                    ("payout_status", "paid_out_at"),
                    ("external_task_id", "id"),
                    "description",
                )
            },
        ),
        ("Schedule", {"fields": ("due_at", ("duration_seconds", "release_interval"))}),
        (
            "Times",
            {
                "fields": (
                    ("created_at", "assigned_at"),
                    ("started_at", "completed_at"),
                    ("disputed_at", "cancelled_at"),
                )
            },
        ),
        ("Ratings", {"fields": (("worker_rating", "platform_rating"),)}),
        ("Reported", {"fields": ("verification_data", "completion_proof", "metadata")}),
    )
    actions = (
        RowAction(
            name="cancel",
            label="Cancel",
            done="cancelled",
            run=lambda task, reason: as_action_result(
                services.cancel_or_request(task_id=task.pk, reason=reason)
            ),
            when=lambda task: TaskStatus.CANCELLED in TASK_MOVES[task.status] and not task.disputed_at,
            money=lambda task: task.amount,
            note="The vested part is paid, the rest goes back. A second person approves it where that is more"
            " than you may give back alone.",
        ),
    )


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ("title", "number", "task", "amount", "approved_at")
    list_select_related = ("task",)
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    belongs = ("task",)
    searches = (by_uuid("task_id"),)
    search_help_text = "task id"


@admin.register(WorkEvent)
class WorkEventAdmin(ReadOnlyAdmin):
    list_display = (
        "event_type",
        "task",
        "external_id",
        "event_date",
        "milestone_number",
        "amount",
        "created_at",
    )
    list_select_related = ("task",)
    list_filter = ("event_type", "created_at")
    belongs = ("task",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "task_id"),)
    search_help_text = "id of an event or task"


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "task",
        "severity",
        "reason",
        "outcome",
        "worker_amount",
        "refund_amount",
        "resolved_at",
    )
    list_select_related = ("task",)
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "outcome", "severity")
    belongs = ("task",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at", "severity")
    searches = (
        by_reference(),
        by_uuid("id", "task_id"),
        by_related("task", by_reference(), by_parts("title")),
    )
    search_help_text = "reference of a dispute or task, parts of the task's title, or an id"
    actions = (
        RowAction(
            name="resolve",
            label="Resolve",
            done="resolved",
            run=lambda dispute, **given: as_action_result(
                services.resolve_or_request(task_id=dispute.task_id, **given)
            ),
            form=SplitForm,
            when=lambda dispute: dispute.resolved_at is None,
            money=still_held,
            single=True,
            note="A second person approves it where more goes back than you may give back alone.",
        ),
    )


show_on(
    Platform,
    Table(
        WebhookDelivery,
        by="platform",
        columns=("event", "status", "attempts", "next_attempt_at", "status_code", "error"),
        ordering=("-sequence",),
        limit=10,
    ),
)


show_on(
    PlatformEvent,
    Table(
        WebhookDelivery,
        by="event",
        columns=("status", "attempts", "next_attempt_at", "status_code", "error", "ended_at"),
    ),
)


TASK_COLUMNS = ("title", "status", "task_type", "amount", "paid_amount")


show_on(
    Platform,
    Table(
        ApiKey,
        by="platform",
        title="API keys",
        columns=("prefix", "name", "is_live", "last_used_at", "expires_at", "revoked_at"),
    ),
    Table(Task, by="platform", columns=(*TASK_COLUMNS, "worker", "created_at"), limit=10),
    Table(
        Engagement,
        by="platform",
        columns=("worker", "open_tasks", "finished_tasks", "first_at", "last_at"),
        limit=10,
    ),
    Table(
        TaskCompletionStats,
        by="platform",
        columns=("task_type", "total_tasks", "open_tasks", "success_rate", "median_seconds", "p95_seconds"),
        rows=lambda every, platform: every.filter(platform=platform).defer(None),
    ),
)


show_on(
    Worker,
    Table(Task, by="worker", columns=(*TASK_COLUMNS, "platform", "created_at"), limit=10),
    Table(
        Engagement,
        by="worker",
        title="Platforms worked for",
        columns=("platform", "open_tasks", "finished_tasks", "first_at", "last_at"),
        limit=10,
    ),
)


show_on(
    Task,
    Table(
        Milestone,
        by="task",
        columns=("number", "title", "amount", "approved_at"),
        ordering=("number",),
        limit=50,
    ),
    Table(
        WorkEvent,
        by="task",
        columns=("created_at", "event_type", "external_id", "event_date", "milestone_number", "amount"),
    ),
    Table(
        Dispute,
        by="task",
        columns=("created_at", "severity", "reason", "outcome", "worker_amount", "refund_amount"),
    ),
)


show_on(Dispute, decisions_table())
