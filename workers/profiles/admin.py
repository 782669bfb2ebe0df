"""Pages for staff: workers."""

from django.contrib import admin

from audit.decisions.admin import decisions_table
from gigstream.adminkit import (
    ProfileAdmin,
    RowAction,
    by_email,
    by_hash,
    by_uuid,
    show_on,
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
        "email",
        "status",
        "reputation_score",
        "total_tasks",
        "total_earned",
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
            {"fields": ("full_name", "email", "status", "wallet_address", "country", "time_zone", "id")},
        ),
        ("Proved", {"fields": (("email_proved_at", "wallet_proved_at"),)}),
        (
            "Record",
            {
                "fields": (
                    ("reputation_score", "average_rating"),
                    ("total_tasks", "total_earned"),
                    ("completion_rate", "dispute_rate"),
                    ("account_age_days", "account_aged_on"),
                ),
                "description": "Follows from the worker's tasks and events; nobody sets it.",
            },
        ),
        ("Times", {"fields": ("created_at", "updated_at", "last_login_at", "last_active_at", "deleted_at")}),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )
    actions = (
        RowAction(
            name="suspend",
            label="Suspend",
            done="suspended",
            run=lambda worker, reason: services.suspend_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        ),
        RowAction(
            name="reinstate",
            label="Reinstate",
            done="reinstated",
            run=lambda worker, reason: services.reinstate_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.SUSPENDED and worker.deleted_at is None,
        ),
    )

    def correct(self, obj: Worker, values: dict[str, str], reason: str) -> None:
        services.correct_worker(worker_id=obj.pk, values=values, reason=reason)


show_on(Worker, decisions_table())
