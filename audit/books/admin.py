from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from audit.books.selectors import read_integrity
from audit.models import BookCheck
from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_text,
)


@admin.register(BookCheck)
class BookCheckAdmin(ReadOnlyAdmin):
    list_display = ("checked_at", "name", "passed", "violations", "milliseconds", "words")
    list_filter = ("passed", ("checked_at", admin.DateFieldListFilter))
    ordering = ("-checked_at", "name")
    sortable_by = ("checked_at",)
    searches = (by_text("name__icontains"),)
    search_help_text = "part of an invariant's name"
    change_list_template = "admin/gigstream/checks.html"

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.integrity)
        return [path("integrity/", page, name="audit_integrity"), *super().get_urls()]

    def integrity(self, request: HttpRequest) -> HttpResponse:
        """Show each invariant with its last result, time and duration, and with links to its offenders."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Integrity of the books",
            "found": read_integrity(),
        }
        return TemplateResponse(request, "console/integrity_staff.html", context)
