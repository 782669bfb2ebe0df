"""Exports of the admin's filtered lists as files, for users who may export, recorded in the audit log."""

import tempfile
from collections.abc import Generator, Sequence
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

from audit.log.services import Record, record_many
from gigstream.adminkit import ReadOnlyAdmin, list_url
from gigstream.adminkit.downloads import redirect_to_file, take_ticket
from gigstream.adminkit.export_columns import export_paths, export_rows, header_names
from gigstream.adminkit.filter_builder.list_query import loggable_parameters
from gigstream.core.postgres.transactions import long_snapshot
from gigstream.core.spreadsheets import FILE_FORMATS, TooManyRows, limit_rows

MAY_EXPORT = "audit.export_lists"
MINUTES = 2


class Exports(ReadOnlyAdmin):
    """Base of pages whose list can be exported. `export_more` names columns beyond the model's own, as paths
    through related rows; a file has at most `EXPORT_MAX_ROWS` rows, divided by `export_cost` for rows that
    take longer to compute."""

    export_more: ClassVar[tuple[str, ...]] = ()
    export_cost: ClassVar[int] = 1

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may see and export the rows."""
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
            for form in FILE_FORMATS
        ]
        return [*files, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        files = [(form.upper(), f"export.{form}{query}") for form in FILE_FORMATS]
        offered = files if self.has_export_permission(request) else []
        return super().changelist_view(request, {**(extra_context or {}), "exports": offered})

    def export(self, request: HttpRequest, form: str) -> HttpResponse | FileResponse:
        """POST: record that the filtered list is taken as a file and redirect to its address. GET: send it.

        The file is complete before the first byte is sent: it shows a single instant, and a slow reader holds
        no transaction open.
        """
        if request.method not in ("GET", "POST") or not self.has_export_permission(request):
            raise PermissionDenied
        if request.method == "GET" and not take_ticket(request):
            messages.error(request, "Ask for the file by its button: each download is recorded.")
            return self._redirect_to_list(request)
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{list_url(self.model)}?e=1")
        if listed.list_query.refusals:
            messages.error(request, "A condition of the list does not hold: nothing was exported.")
            return self._redirect_to_list(request)
        try:
            if request.method == "GET":
                return self._send(listed.queryset, form)
            count = self._count_few(request, listed.queryset)
        except TooManyRows as error:
            text = f"The list has more than {error.most:,} rows: narrow it by filters. Nothing was exported."
            messages.error(request, text)
            return self._redirect_to_list(request)
        self._record(request, form, count, listed)
        return redirect_to_file(request)

    def _redirect_to_list(self, request: HttpRequest) -> HttpResponseRedirect:
        return HttpResponseRedirect(f"{list_url(self.model)}?{request.GET.urlencode()}")

    def _send(self, queryset: Any, form: str) -> FileResponse:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        try:
            self._write(file, form, queryset)
        except TooManyRows:
            file.close()
            raise
        file.seek(0)
        name = f"{self.opts.model_name}.{form}"
        return FileResponse(
            file, as_attachment=True, filename=name, content_type=FILE_FORMATS[form].media_type
        )

    def _write(self, file: IO[bytes], form: str, queryset: Any) -> None:
        headers, lines = self.export_lines(queryset)
        with long_snapshot(MINUTES), closing(lines) as found:
            FILE_FORMATS[form].write(file, headers, limit_rows(self._most_rows(), found))

    def export_lines(self, queryset: Any) -> tuple[Sequence[str], Generator[Sequence[Any], None, None]]:
        """Return the titles of the columns, and the lines of the file, up to one beyond the most."""
        paths = export_paths(queryset, self.export_more)
        return header_names(paths), export_rows(queryset, paths, self._most_rows())

    def _most_rows(self) -> int:
        return settings.EXPORT_MAX_ROWS // self.export_cost

    def _count_few(self, request: HttpRequest, queryset: Any) -> int:
        """Return the number of rows. Raise TooManyRows: counting is faster than writing."""
        most = self._most_rows()
        counter: Any = self.get_paginator(request, queryset, most)
        counter.most = most + 1
        with long_snapshot(MINUTES):
            count = int(counter.count)
        if count > most:
            raise TooManyRows(most)
        return count

    def _record(self, request: HttpRequest, form: str, count: int, listed: Any) -> None:
        metadata = {
            "form": form,
            "rows": count,
            "filters": urlencode(loggable_parameters(listed.list_query, request.GET)),
            "search": _loggable_search(request.GET.get("q", "").strip()),
        }
        record_many([Record("list.export", self.opts.model_name or "", metadata=metadata)])


def _loggable_search(term: str) -> str:
    """Return the search term if it is an id or a number; the log must not hold names, emails or wallets."""
    try:
        return str(UUID(term))
    except ValueError:
        return term if term.isdigit() or not term else "a text"
