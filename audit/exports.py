"""Lists of the admin as files: exactly the filtered list, for who may export, and on record."""

import tempfile
from contextlib import closing
from typing import IO, Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from audit.services import Record, record_many
from gigstream.lib.admin import ReadOnlyAdmin, list_url
from gigstream.lib.admin.exports import exported, header, rows
from gigstream.lib.db import long_snapshot
from gigstream.lib.spreadsheets import FORMS, TooManyRows, at_most

MAY_EXPORT = "audit.export_lists"
MINUTES = 2


class Exports(ReadOnlyAdmin):
    """For a list of the admin: the buttons, and the files behind them. `export_more` names columns beyond the
    model's own, as paths through related rows; a file has at most `EXPORT_MAX_ROWS` rows, divided by
    `export_cost` where each takes longer to work out."""

    export_more: ClassVar[tuple[str, ...]] = ()
    export_cost: ClassVar[int] = 1

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may take the rows out: who may see them and may export."""
        user: Any = request.user
        return self.has_view_permission(request) and user.has_perm(MAY_EXPORT)

    def get_urls(self) -> list[Any]:
        known = self.opts
        files = [
            path(
                f"export.{form}",
                self.admin_site.admin_view(self.export),
                {"form": form},
                name=f"{known.app_label}_{known.model_name}_export_{form}",
            )
            for form in FORMS
        ]
        return [*files, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        files = [(form.upper(), f"export.{form}{query}") for form in FORMS]
        offered = files if self.has_export_permission(request) else []
        return super().changelist_view(request, {**(extra_context or {}), "exports": offered})

    def export(self, request: HttpRequest, form: str) -> HttpResponse | FileResponse:
        """The filtered list as a file. It is written before the first byte is sent: it shows one instant, a
        slow reader holds no transaction open, and the record says how many rows were taken."""
        if request.method != "GET" or not self.has_export_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{list_url(self.model)}?e=1")
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        try:
            count = self._write(request, file, form, listed.queryset)
        except TooManyRows as error:
            file.close()
            said = f"The list has more than {error.most:,} rows: narrow it by filters. Nothing was exported."
            messages.error(request, said)
            return HttpResponseRedirect(f"{list_url(self.model)}?{request.GET.urlencode()}")
        self._record(request, form, count)
        file.seek(0)
        name = f"{self.opts.model_name}.{form}"
        return FileResponse(file, as_attachment=True, filename=name, content_type=FORMS[form].media_type)

    def _write(self, request: HttpRequest, file: IO[bytes], form: str, queryset: Any) -> int:
        most = settings.EXPORT_MAX_ROWS // self.export_cost
        paths = exported(queryset, self.export_more)
        with long_snapshot(MINUTES), closing(rows(queryset, paths, most)) as found:
            self._require_few(request, queryset, most)
            return FORMS[form].write(file, header(paths), at_most(most, found))

    def _require_few(self, request: HttpRequest, queryset: Any, most: int) -> None:
        """Counting is quicker than writing what is refused in the end."""
        counter: Any = self.get_paginator(request, queryset, most)
        counter.most = most + 1
        if counter.count > most:
            raise TooManyRows(most)

    def _record(self, request: HttpRequest, form: str, count: int) -> None:
        told = {
            "form": form,
            "rows": count,
            "filters": urlencode([(name, text) for name, text in request.GET.items() if name != "q"]),
            "search": _searched(request.GET.get("q", "").strip()),
        }
        record_many([Record("list.export", self.opts.model_name or "", metadata=told)])


def _searched(term: str) -> str:
    """What was searched for, as far as the log may hold it: a name, an email or a wallet is a person's."""
    try:
        return str(UUID(term))
    except ValueError:
        return term if term.isdigit() or not term else "a text"
