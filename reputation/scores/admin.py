"""Reputation events and histories for staff."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q

from audit.log.admin.timelines import leave_out_lines
from gigstream.adminkit import (
    ContextLine,
    Figure,
    Moment,
    ReadOnlyAdmin,
    ReasonForm,
    ReportAdmin,
    RowAction,
    RowSource,
    Table,
    TimelineKind,
    add_actions,
    add_context,
    add_to_timeline,
    admin_url,
    by_email,
    by_text,
    by_uuid,
    show_on,
    summarize,
)
from gigstream.adminkit.list_exports import Exports
from platforms.models import Dispute, Task
from platforms.tasks.enums import DisputeOutcome
from reputation.models import ReputationEvent
from reputation.scores.calculations import tier_of
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


_BY_STAFF = Q(triggered_by__startswith="staff:")


def _moment_of(event: ReputationEvent) -> Moment:
    return Moment(
        at=event.created_at,
        kind=TimelineKind.STAFF if event.triggered_by.startswith("staff:") else TimelineKind.STATUS,
        text=f"Reputation {event.delta:+d}: {event.get_event_type_display().lower()}",
        by=event.triggered_by,
        about=("task", str(event.task_id)) if event.task_id else None,
        why=event.reason,
        change=lambda names: f"score: {event.previous_score} → {event.new_score}",
        url=admin_url(event),
    )


def _events_by(name: str) -> RowSource:
    return RowSource(
        name="reputation",
        model=ReputationEvent,
        rows=lambda row: ReputationEvent.objects.filter(**{name: row}),
        moment=_moment_of,
        kinds={TimelineKind.STATUS: ~_BY_STAFF, TimelineKind.STAFF: _BY_STAFF},
    )


leave_out_lines("reputation.change")
add_to_timeline(Worker, _events_by("worker"))
add_to_timeline(Task, _events_by("task"))


@summarize(Worker, of=ReputationEvent, position=40)
def _score(worker: Worker) -> list[Figure]:
    return [Figure("Reputation", f"{worker.reputation_score}, {tier_of(worker.reputation_score)}")]


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
