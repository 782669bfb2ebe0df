"""Reputation events and histories for staff."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin

from gigstream.adminkit import (
    ContextLine,
    ReadOnlyAdmin,
    ReasonForm,
    ReportAdmin,
    RowAction,
    Table,
    add_actions,
    add_context,
    by_email,
    by_text,
    by_uuid,
    show_on,
)
from gigstream.adminkit.list_exports import Exports
from platforms.models import Dispute, Task
from platforms.tasks.enums import DisputeOutcome
from reputation.models import ReputationEvent
from reputation.scores.reports import ReputationHistory
from reputation.scores.services import adjust_reputation, changes_by_decision
from workers.models import MAX_REPUTATION, Worker


@admin.register(ReputationEvent)
class ReputationEventAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "worker",
        "event_type",
        "delta",
        "previous_score",
        "new_score",
        "task",
        "reason",
        "triggered_by",
    )
    list_select_related = ("worker", "task")
    list_filter = ("event_type", "created_at")
    belongs = ("worker", "task")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "worker_id", "task_id"), by_email("worker__email"), by_text("source_key"))
    search_help_text = "id of an event, worker or task, a worker's email, or the key of the fact"


@admin.register(ReputationHistory)
class ReputationHistoryAdmin(Exports, ReportAdmin):
    list_display = ("happened_at", "worker", "event_type", "change", "new_score", "tier", "task", "reason")
    list_select_related = ("worker", "task")
    list_filter = ("event_type",)
    date_hierarchy = "happened_at"
    ordering = ("-happened_at", "-pk")
    belongs = ("worker", "task")
    searches = (by_uuid("event_id", "worker_id", "task_id"), by_email("worker__email"))
    search_help_text = "id of an event, worker or task, or a worker's email"


COLUMNS = ("created_at", "event_type", "delta", "previous_score", "new_score", "reason", "triggered_by")
show_on(Worker, Table(ReputationEvent, by="worker", columns=(*COLUMNS, "task"), ordering=("-number",)))
show_on(Task, Table(ReputationEvent, by="task", columns=COLUMNS))


def _reputation_after(disputes: Sequence[Dispute]) -> dict[Any, list[ContextLine]]:
    """Return the change of the worker's reputation by each decision on the open disputes."""
    changes = changes_by_decision([dispute for dispute in disputes if dispute.resolved_at is None])
    return {
        key: [ContextLine("Reputation", f"{_in_words(change)}, within a day's bounds")]
        for key, change in changes.items()
    }


def _in_words(change: Mapping[str, int]) -> str:
    worker, platform = change[DisputeOutcome.WORKER], change[DisputeOutcome.PLATFORM]
    return (
        f"if the worker was right {worker:+d}, if the platform was right {platform:+d}, if nobody was wrong 0"
    )


add_context(Dispute, _reputation_after)


class DeltaForm(ReasonForm):
    delta = forms.IntegerField(
        min_value=-MAX_REPUTATION,
        max_value=MAX_REPUTATION,
        help_text="points, as in 25 or -25; the score stays within 0 to 1000",
    )
    field_order = ("delta", "reason")


add_actions(
    Worker,
    RowAction(
        name="adjust_reputation",
        label="Adjust the reputation",
        done="adjusted",
        run=lambda worker, delta, reason: adjust_reputation(worker_id=worker.pk, delta=delta, reason=reason),
        form=DeltaForm,
        when=lambda worker: worker.deleted_at is None,
        note="The worker can read the reason.",
    ),
)
