from django.contrib import admin
from django.http import HttpRequest

from audit.log.context import Grounds, because, current_actor
from gigstream.adminkit import (
    NewestDates,
    ReadOnlyAdmin,
    by_text,
    register_reason_frame,
    register_token_recorder,
)
from gigstream.api import idempotency
from gigstream.api.models import AnsweredRequest


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
