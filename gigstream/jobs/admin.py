from django.contrib import admin

from gigstream.adminkit import (
    ActionForm,
    ActionResult,
    ReadOnlyAdmin,
    RowAction,
    by_text,
)
from gigstream.jobs.models import JobHeartbeat
from gigstream.jobs.registry import enqueue_job


@admin.register(JobHeartbeat)
class JobHeartbeatAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "every_seconds",
        "last_started_at",
        "last_finished_at",
        "last_succeeded_at",
        "rows",
        "runs",
        "last_error",
    )
    ordering = ("name",)
    sortable_by = ("name", "every_seconds", "last_started_at", "last_succeeded_at")
    searches = (by_text("name__icontains"),)
    search_help_text = "part of a job's name"
    actions = (
        RowAction(
            name="run_now",
            label="Run now",
            done="ran",
            run=lambda row: _run_job(row),
            form=ActionForm,
            note="A job may always be run once more.",
        ),
    )


def _run_job(row: JobHeartbeat) -> ActionResult:
    if enqueue_job(row.name):
        return ActionResult(f"{row.name} is queued: a worker takes it up next.")
    return ActionResult(f"The broker does not answer: {row.name} runs in its turn.", is_warning=True)
