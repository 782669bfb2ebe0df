from django.contrib import admin
from django.http import HttpRequest

from audit.log.context import Grounds, because, current_actor
from audit.models import AuditLog
from gigstream.adminkit import (
    NewestDates,
    ReadOnlyAdmin,
    Table,
    by_text,
    register_reason_frame,
    register_token_recorder,
    show_everywhere,
)
from gigstream.api import idempotency
from gigstream.api.models import AnsweredRequest

show_everywhere(
    Table(
        AuditLog,
        by="resource",
        title="Audit trail",
        limit=10,
        columns=("created_at", "done", "actor", "requester", "reason", "change", "success", "error_message"),
        ordering=("-created_at", "-id"),
        rows=lambda logs, row: logs.filter(resource_type=row._meta.model_name, resource_id=str(row.pk)),
        key=lambda row: f"{row._meta.model_name}:{row.pk}",
    )
)


@admin.register(AnsweredRequest)
class AnsweredRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "caller", "method", "path", "key", "status")
    list_filter = (("created_at", NewestDates),)
    searches = (by_text("caller", "path"),)
    search_help_text = "a caller, as in platform:0192…, or a path in full"


def _is_first(request: HttpRequest, token: str) -> bool:
    return idempotency.record_key(caller=str(current_actor()), path=request.path, key=token)


register_token_recorder(_is_first)


register_reason_frame(lambda reason: because(Grounds(reason)))
