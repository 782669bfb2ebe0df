"""Notes, files and assignments that a member of staff may see: those about objects that they may see."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.notes.enums import NoteFileType
from audit.notes.models import NoteFile
from gigstream.adminkit import ReadOnlyAdmin
from gigstream.core.people import masking

# Files whose content is masked, as that of pages is, for staff who see no personal data.
MASKED = frozenset({NoteFileType.CSV, NoteFileType.TXT})


def visible_kinds(request: HttpRequest) -> list[str]:
    """Return the types of the objects that this member of staff may see."""
    pages = admin.site._registry.items()
    return sorted(
        model._meta.model_name or ""
        for model, options in pages
        if model._meta.managed and options.has_view_permission(request)
    )


def may_open(request: HttpRequest, file: NoteFile) -> bool:
    """Whether this member of staff may read the content of the file. Pictures and PDFs cannot be masked: for
    staff who see no personal data they stay closed."""
    return file.media_type in MASKED or not masking.are_hidden()


class AboutVisible(ReadOnlyAdmin):
    """Base of pages on rows about objects, which are shown to staff who may see the object; `subject_column`
    is the path to the column with its type."""

    has_timeline = False
    has_panels = False
    subject_column = "subject_type"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seen = {f"{self.subject_column}__in": visible_kinds(request)}
        return super().get_queryset(request).filter(**seen)
