from django.contrib import admin

from gigstream.adminkit import by_email, by_uuid
from platforms.figures.admin import PairAdmin
from platforms.models import (
    Consent,
    Invitation,
)


@admin.register(Consent)
class ConsentAdmin(PairAdmin):
    list_display = ("id", "platform", "worker", "source", "accepted_at", "ended_at", "ended_by")
    list_filter = ("source", ("ended_at", admin.EmptyFieldListFilter))


@admin.register(Invitation)
class InvitationAdmin(PairAdmin):
    list_display = ("id", "platform", "created_at", "sent_at", "expires_at", "accepted_at", "worker")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter),)
    searches = (by_uuid("id", "platform_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of an invitation, platform or worker, or the email of the worker who accepted"
