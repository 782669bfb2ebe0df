"""The staff's doors to workers."""

from django.contrib import admin

from gigstream.lib.admin import (
    ProfileAdmin,
    ReadOnlyAdmin,
    by_email,
    by_hash,
    by_number,
    by_uuid,
    by_words,
    each,
)
from workers import services
from workers.enums import WorkerStatus
from workers.forms import WorkerForm
from workers.models import (
    PasswordReset,
    RefreshToken,
    Registration,
    SignInAttempts,
    WalletChange,
    WalletNonce,
    Worker,
    WorkerSession,
)


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
        by_uuid("id"),
        by_email("email__startswith"),
        by_hash("wallet_address"),
        by_words("full_name__icontains"),
    )
    search_help_text = "id, email or its beginning, wallet address, or part of a name"
    editable = ("full_name",)
    fieldsets = (
        (
            None,
            {"fields": ("full_name", "email", "status", "wallet_address", "country", "time_zone", "id")},
        ),
        ("Proved", {"fields": (("email_proved_at", "wallet_proved_at"),)}),
        (
            "Standing",
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
        each(
            "suspend",
            "Suspend",
            "suspended",
            lambda worker, reason: services.suspend_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.ACTIVE and worker.deleted_at is None,
        ),
        each(
            "reinstate",
            "Reinstate",
            "reinstated",
            lambda worker, reason: services.reinstate_worker(worker_id=worker.pk, reason=reason),
            when=lambda worker: worker.status == WorkerStatus.SUSPENDED and worker.deleted_at is None,
        ),
    )

    def correct(self, obj: Worker, values: dict[str, str], reason: str) -> None:
        services.correct_worker(worker_id=obj.pk, values=values, reason=reason)


@admin.register(WorkerSession)
class WorkerSessionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "worker",
        "method",
        "created_at",
        "expires_at",
        "revoked_at",
        "revoked_because",
    )
    list_select_related = ("worker",)
    list_filter = ("method", ("revoked_at", admin.EmptyFieldListFilter))
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a session or worker, or a worker's email"


@admin.register(RefreshToken)
class RefreshTokenAdmin(ReadOnlyAdmin):
    list_display = ("id", "session", "created_at", "expires_at", "used_at")
    list_select_related = ("session",)
    belongs = ("session",)
    searches = (by_uuid("session_id"), by_number("id"))
    search_help_text = "id of a session or of the token's row"


@admin.register(SignInAttempts)
class SignInAttemptsAdmin(ReadOnlyAdmin):
    list_display = ("id", "began_at", "last_at", "tries")
    searches = (by_number("id"),)


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("id", "email", "full_name", "created_at", "expires_at")
    searches = (by_number("id"), by_email("email"))
    search_help_text = "number of a registration, or an email address"


@admin.register(PasswordReset)
class PasswordResetAdmin(ReadOnlyAdmin):
    list_display = ("id", "worker", "created_at", "sent_at", "expires_at", "used_at")
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("worker_id"), by_email("worker__email"), by_number("id"))
    search_help_text = "id of a worker or of the request, or a worker's email"


@admin.register(WalletChange)
class WalletChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "worker",
        "created_at",
        "effective_at",
        "notified_at",
        "applied_at",
        "dropped_at",
    )
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a change or worker, or a worker's email"


@admin.register(WalletNonce)
class WalletNonceAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "expires_at", "used_at")
    searches = (by_number("id"),)
