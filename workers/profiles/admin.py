"""Pages for staff: workers."""

from django.contrib import admin

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    Figure,
    ProfileAdmin,
    RowAction,
    by_email,
    by_hash,
    by_uuid,
    name_rows_by,
    show_on,
    summarize,
)
from gigstream.adminkit.search import by_parts, by_reference
from workers import services
from workers.models import (
    Worker,
)
from workers.profiles.enums import WorkerStatus
from workers.profiles.forms import WorkerForm


@admin.register(Worker)
class WorkerAdmin(ProfileAdmin):
    form = WorkerForm
    list_display = (
        "full_name",
        "status",
        "email",
        "reputation_score",
        "total_earned",
        "total_tasks",
        "completion_rate",
        "dispute_rate",
        "last_active_at",
        "created_at",
    )
    list_filter = ("status", ("deleted_at", admin.EmptyFieldListFilter), "created_at")
    ordering = ("-created_at", "-id")
    sortable_by = ("reputation_score", "total_tasks", "total_earned", "last_active_at", "created_at")
    searches = (
        by_reference(),
        by_uuid("id"),
        by_email("email__startswith"),
        by_hash("wallet_address"),
        by_parts("full_name"),
    )
    search_help_text = "reference, parts of the name in any order, beginning of the email, wallet or id"
    editable = ("full_name",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("full_name", "status"),
                    ("email", "email_proved_at"),
                    ("wallet_address", "wallet_proved_at"),
                    ("country", "time_zone", "payout_schedule"),
                )
            },
        ),
        (
            "Record",
            {
                "fields": (
                    ("reputation_score", "average_rating"),
                    ("total_tasks", "total_earned"),
                    ("completion_rate", "dispute_rate"),
                    "account_age_days",
                ),
                "description": "Follows from the worker's tasks and events; nobody sets it.",
                "classes": ("collapse",),
            },
        ),
        (
            "Times",
            {
                "fields": (("created_at", "last_active_at"), ("last_login_at", "deleted_at")),
                "classes": ("collapse",),
            },
        ),
        ("Ids and technical data", {"fields": ("id", "updated_at", "metadata"), "classes": ("collapse",)}),
    )
    actions = (
        RowAction(
            name="suspend",
            label="Suspend",
            done="suspended",
            run=lambda worker, reason: services.suspend_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
            effect=lambda worker: (
                "Running streams and tasks go on and are paid into the balance, which stays the worker's."
                " No payout"
                " leaves: one that is pending waits until the reinstatement, one that the provider has"
                " arrives. No"
                " new task or advance is given."
            ),
        ),
        RowAction(
            name="reinstate",
            label="Reinstate",
            done="reinstated",
            run=lambda worker, reason: services.reinstate_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.SUSPENDED and worker.deleted_at is None,
            effect=lambda worker: "Payouts leave by the schedule again, those that waited first.",
        ),
    )

    def correct(self, obj: Worker, values: dict[str, str], reason: str) -> None:
        services.correct_worker(worker_id=obj.pk, values=values, reason=reason)


show_on(Worker, decisions_table())
name_rows_by(Worker, "full_name")


@summarize(Worker, of=Worker, position=10)
def _status(worker: Worker) -> list[Figure]:
    if worker.deleted_at:
        return [Figure("Worker", f"left {worker.deleted_at:%Y-%m-%d}", "bad")]
    suspended = worker.status == WorkerStatus.SUSPENDED
    return [Figure("Worker", str(worker.get_status_display()), "bad" if suspended else "good")]
