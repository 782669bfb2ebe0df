from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_email, by_hash, by_uuid, show_on
from workers.models import ChainIdentity, Worker


@admin.register(ChainIdentity)
class ChainIdentityAdmin(ReadOnlyAdmin):
    list_display = ("id", "worker", "chain", "address", "created_at", "last_login_at")
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"), by_hash("address"))
    search_help_text = "id of an identity or worker, a worker's email, or an EVM address"


show_on(
    Worker, Table(ChainIdentity, by="worker", columns=("chain", "address", "created_at", "last_login_at"))
)
