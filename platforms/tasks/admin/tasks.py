"""Pages for staff: tasks, milestones, work events and disputes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    EMPTY,
    ActionResult,
    ContextLine,
    ReadOnlyAdmin,
    RowAction,
    Table,
    add_context,
    add_subjects,
    by_email,
    by_uuid,
    isolate_text,
    link_with_reference,
    show_on,
)
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
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, share_bps, usdc
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
from platforms.tasks.enums import TASK_MOVES, DisputeOutcome, TaskStatus
from platforms.tasks.forms import SplitForm, still_held
from platforms.tasks.funding import task_funding
from workers.models import Worker


@in_full
def _by_external_id(model: type[Model], term: str) -> Q:
    """Return the tasks with this external id, found first: among other conditions no index would find
    them."""
    named = Task.objects.with_external_id(term).order_by().values_list("pk", flat=True)
    return Q(pk__in=list(named[:MOST_WITH_EXTERNAL_ID]))


RUNNING = frozenset({TaskStatus.ASSIGNED, TaskStatus.IN_PROGRESS, TaskStatus.DISPUTED})
# Splits that a dispute's page works out, as parts of 100 for the worker.
SPLITS = (0, 50, 100)


def _parties(task: Task) -> list[ContextLine]:
    return [
        ContextLine("Task", link_with_reference(task) or EMPTY),
        ContextLine("Worker", link_with_reference(task.worker) or "nobody"),
        ContextLine("Platform", link_with_reference(task.platform) or EMPTY),
    ]


def _task_context(tasks: Sequence[Task]) -> dict[Any, list[ContextLine]]:
    """Return the parties of the tasks, their pay, the money still held, and the outcome if they ended now."""
    now = database_now()
    running = [task for task in tasks if task.status in RUNNING]
    held, vested = task_funding().held_of(running), task_funding().vested_of(running, now)
    found = {}
    for task in tasks:
        lines = [*_parties(task), ContextLine("Pay", f"{usdc(task.amount)}, {task.get_task_type_display()}")]
        if task.pk in held:
            due = vested.get(task.pk, ZERO)
            back = f"{usdc(held[task.pk] - due)}, and the fee held on it, to {task.platform}"
            lines += [
                ContextLine("Still held", usdc(held[task.pk])),
                ContextLine("If it ended now the worker gets", f"{usdc(due)}, which has vested"),
                ContextLine("And back goes", back),
            ]
        found[task.pk] = lines
    return found


def _dispute_context(disputes: Sequence[Dispute]) -> dict[Any, list[ContextLine]]:
    """Return both sides of the disputes, the money still held, and the amounts of splits."""
    tasks = [dispute.task for dispute in disputes if dispute.resolved_at is None]
    held = task_funding().held_of(tasks)
    return {
        dispute.pk: [
            *_parties(dispute.task),
            *_sides(dispute),
            *(_splits(dispute.task, held[dispute.task_id]) if dispute.task_id in held else ()),
        ]
        for dispute in disputes
    }


def _sides(dispute: Dispute) -> list[ContextLine]:
    worker = dispute.task.worker
    filed = (
        f"the {dispute.side} on {dispute.filed_at:%Y-%m-%d at %H:%M} UTC, severity {dispute.severity} of 5"
    )
    lines = [
        ContextLine("Filed by", filed),
        ContextLine("Its reason", isolate_text(dispute.reason)),
        ContextLine("The other side's answer", isolate_text(dispute.answer or "none yet")),
    ]
    if worker is not None:
        record = f"{worker.total_tasks} tasks completed, {worker.dispute_rate} % decided against the worker"
        lines.append(ContextLine("The worker's record", record))
    return lines


def _splits(task: Task, held: Decimal) -> list[ContextLine]:
    lines = [ContextLine("Still held", usdc(held))]
    for part in SPLITS if held else ():
        pay = share_bps(held, part * 100)
        text = f"{usdc(pay)} to {task.worker}, {usdc(held - pay)} and its fee back to {task.platform}"
        lines.append(ContextLine(f"At {part} %", text, on_card=False))
    return lines


add_context(Task, _task_context)
add_context(Dispute, _dispute_context)
add_subjects(Dispute, lambda dispute: [("task", str(dispute.task_id))])


def _effect_of_ending(task: Task) -> str:
    if task.status == TaskStatus.CREATED:
        return "Nobody has the task, and no money is held for it."
    return (
        "What has vested is paid at once and stays the worker's. The rest and its fee are the platform's"
        " again,"
        " which may spend or withdraw them."
    )


def _resolve(dispute: Dispute, **given: Any) -> object:
    """Resolve the dispute or request it, and say the decision in figures."""
    made = services.resolve_or_request(task_id=dispute.task_id, **given)
    if not isinstance(made, Dispute):
        return as_action_result(made)
    right = "nobody was wrong" if made.outcome == DisputeOutcome.NOBODY else f"the {made.outcome} was right"
    paid, back = usdc(made.worker_amount or ZERO), usdc(made.refund_amount or ZERO)
    task = made.task
    return ActionResult(
        f"Resolved, {right}: {paid} to {task.worker}, {back} back to {task.platform}, fees included:", made
    )


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
                    ("title", "task_type"),
                    ("platform", "worker"),
                    ("amount", "fee_bps", "paid_amount"),
                    ("status", "payout_status", "paid_out_at"),
                    ("due_at", "duration_seconds", "release_interval"),
                    "description",
                )
            },
        ),
        (
            "Times, ratings and ending",
            {
                "fields": (
                    ("created_at", "assigned_at"),
                    ("started_at", "completed_at"),
                    ("disputed_at", "cancelled_at"),
                    ("worker_rating", "platform_rating"),
                    ("cancelled_by", "at_fault"),
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Reported, ids and technical data",
            {
                "fields": (
                    ("external_task_id", "id", "assignment_number"),
                    ("verification_data", "completion_proof"),
                    "metadata",
                ),
                "classes": ("collapse",),
            },
        ),
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
            kind="task.cancel",
            effect=_effect_of_ending,
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
        "filed_at",
        "task",
        "side",
        "severity",
        "reason",
        "outcome",
        "worker_amount",
        "refund_amount",
        "resolved_at",
    )
    list_select_related = ("task", "task__worker", "task__platform")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("task", "side", "severity"),
                    "reason",
                    "answer",
                )
            },
        ),
        (
            "Decision",
            {
                "fields": (
                    ("outcome", "worker_amount", "refund_amount"),
                    "resolution",
                    ("filed_at", "resolved_at"),
                )
            },
        ),
        (
            "Ids and technical data",
            {"fields": ("id", ("created_at", "reminded_at", "alarmed_at")), "classes": ("collapse",)},
        ),
    )
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
            run=_resolve,
            form=SplitForm,
            when=lambda dispute: dispute.resolved_at is None,
            money=still_held,
            single=True,
            kind="task.resolve",
            effect=lambda dispute: (
                "The worker's part is paid at once, the rest goes back to the platform. Earlier pay stays."
            ),
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
