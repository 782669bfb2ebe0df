from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_email, by_uuid, show_on
from workers.models import SocialAccount, SocialAuthorization, SocialConflict, Worker


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "worker", "network", "network_user_id", "username", "verified_at", "unlinked_at")
    list_select_related = ("worker",)
    list_filter = ("network", ("unlinked_at", admin.EmptyFieldListFilter))
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of an account or worker, or a worker's email"


@admin.register(SocialAuthorization)
class SocialAuthorizationAdmin(ReadOnlyAdmin):
    list_display = ("id", "worker", "network", "created_at", "expires_at", "used_at")
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of an authorization or worker, or a worker's email"


@admin.register(SocialConflict)
class SocialConflictAdmin(ReadOnlyAdmin):
    list_display = ("id", "account", "worker", "created_at", "notified_at")
    list_select_related = ("account", "worker")
    belongs = ("worker", "account")
    searches = (by_uuid("id", "worker_id", "account_id"), by_email("worker__email"))
    search_help_text = "id of a conflict, account or worker, or a worker's email"


show_on(
    Worker,
    Table(SocialAccount, by="worker", columns=("network", "username", "verified_at", "unlinked_at")),
    Table(SocialConflict, by="worker", columns=("account", "created_at", "notified_at")),
)
