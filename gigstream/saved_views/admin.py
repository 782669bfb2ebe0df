from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from gigstream.adminkit import ReadOnlyAdmin, by_number, by_text, name_rows_by
from gigstream.saved_views.models import SavedView

name_rows_by(SavedView, "name")


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """Views that are shared, and the reader's own; they are changed above their lists."""

    list_display = ("name", "list_of", "owner", "is_shared", "created_at", "changed_at")
    list_select_related = ("owner",)
    searches = (by_number("id"), by_text("name", "list_of"))
    search_help_text = "number or name of a view, or a list, as in payments.transaction"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(Q(is_shared=True) | Q(owner=request.user.pk))
