from django.contrib import admin

from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_email,
    by_number,
    by_uuid,
)
from workers.models import (
    PasswordReset,
    RefreshToken,
    Registration,
    WorkerSession,
)


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
