"""Names, timelines and summaries of tasks and disputes."""

from datetime import timedelta

from django.db.models import Q, QuerySet, Sum

from gigstream.adminkit import (
    Figure,
    Moment,
    NextStep,
    RowSource,
    TimelineKind,
    add_to_timeline,
    admin_url,
    duration_text,
    link_to,
    list_url,
    name_rows_by,
    summarize,
)
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from platforms.models import Dispute, Engagement, Platform, Task, WorkEvent
from platforms.tasks.enums import TaskStatus
from platforms.tasks.forms import still_held
from workers.models import Worker


def _task_moment(task: Task) -> Moment:
    return Moment(
        at=task.created_at,
        kind=TimelineKind.STATUS,
        text=f"Task {task.get_status_display().lower()}",
        about=("task", str(task.pk)),
        amount=usdc(task.amount),
    )


def _dispute_moment(dispute: Dispute) -> Moment:
    return Moment(
        at=dispute.filed_at,
        kind=TimelineKind.DECISIONS,
        text=f"Dispute filed by the {dispute.side}, severity {dispute.severity}",
        about=("dispute", str(dispute.pk)),
        why=dispute.reason,
        url=admin_url(dispute),
    )


def _work_event_moment(event: WorkEvent) -> Moment:
    return Moment(
        at=event.created_at,
        kind=TimelineKind.STATUS,
        text=f"Reported by the platform: {event.get_event_type_display().lower()}",
        amount="" if event.amount is None else usdc(event.amount),
        url=admin_url(event),
    )


def _tasks_by(name: str) -> RowSource:
    return RowSource(
        name="tasks",
        model=Task,
        rows=lambda row: Task.objects.filter(**{name: row}),
        moment=_task_moment,
        kinds={TimelineKind.STATUS: Q()},
    )


def _disputes_of(row: Task) -> QuerySet[Dispute]:
    return Dispute.objects.filter(task=row)


name_rows_by(Task, "title")
name_rows_by(Dispute, "task__title")
add_to_timeline(Worker, _tasks_by("worker"))
add_to_timeline(Platform, _tasks_by("platform"))
add_to_timeline(
    Task,
    RowSource(
        name="disputes",
        model=Dispute,
        rows=_disputes_of,
        moment=_dispute_moment,
        kinds={TimelineKind.DECISIONS: Q()},
        at="filed_at",
    ),
    RowSource(
        name="work_events",
        model=WorkEvent,
        rows=lambda row: WorkEvent.objects.filter(task=row),
        moment=_work_event_moment,
        kinds={TimelineKind.STATUS: Q()},
    ),
)


@summarize(Worker, of=Engagement, position=50)
def _open_tasks(worker: Worker) -> list[Figure]:
    count = Engagement.objects.filter(worker=worker).aggregate(open=Sum("open_tasks"))["open"] or 0
    return [Figure("Open tasks", str(count), url=list_url(Task, worker=worker.pk))]


@summarize(Task, of=Task, position=10)
def _task(task: Task) -> list[Figure | NextStep]:
    tone = {"completed": "good", "disputed": "bad", "in_progress": "wait"}.get(task.status, "")
    parts: list[Figure | NextStep] = [
        Figure("Task", str(task.get_status_display()), tone),
        Figure("Pay", usdc(task.amount)),
        Figure("Worker", link_to(task.worker) or "nobody yet"),
        Figure("Platform", link_to(task.platform) or ""),
    ]
    if task.paid_amount is not None:
        parts.append(Figure("Paid to the worker", usdc(task.paid_amount)))
    if task.due_at:
        parts.append(Figure("Due", f"{task.due_at:%Y-%m-%d %H:%M} UTC"))
    if task.status == TaskStatus.DISPUTED:
        dispute = _disputes_of(task).filter(resolved_at=None).first()
        parts.append(
            NextStep(
                "Disputed: the money that is left waits for a decision.",
                "bad",
                admin_url(dispute) if dispute else "",
            )
        )
    return parts


@summarize(Dispute, of=Dispute, position=10)
def _dispute(dispute: Dispute) -> list[Figure | NextStep]:
    parts: list[Figure | NextStep] = [
        Figure("Task", link_to(dispute.task) or ""),
        Figure("Worker", link_to(dispute.task.worker) or "nobody"),
        Figure("Platform", link_to(dispute.task.platform) or ""),
        Figure("Severity", f"{dispute.severity} of 5"),
    ]
    if dispute.resolved_at:
        split = (
            f"{usdc(dispute.worker_amount or ZERO)} to the worker, {usdc(dispute.refund_amount or ZERO)} back"
        )
        return [*parts, Figure("Decided", f"{dispute.get_outcome_display()}: {split}", "good")]
    waited = duration_text(max(database_now() - dispute.filed_at, timedelta(0)))
    return [
        *parts,
        Figure("Still held", usdc(still_held(dispute) or ZERO)),
        NextStep(f"Waits for a decision since {waited}: resolve it.", "bad"),
    ]
