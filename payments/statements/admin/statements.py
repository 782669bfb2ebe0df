"""Statement of a worker, as a page and as a file, linked from the worker's page."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from audit.log import services as audit
from gigstream.adminkit import Figures, show_on
from gigstream.adminkit.columns import secret_columns
from gigstream.adminkit.downloads import redirect_to_file, take_ticket
from gigstream.core.clock import database_now
from payments.models import LedgerEntry
from payments.statements import statement_pdf
from payments.statements.selectors.statements import (
    LONGEST,
    month_from,
    month_of,
    months_back,
    read_statement,
)
from workers.models import Worker

LINKED_MONTHS = 6


class SpanForm(forms.Form):
    """Form for the first and the last day of a statement, both included."""

    first = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and not first <= last < first + LONGEST:
            raise forms.ValidationError(f"from the first to the last day, at most {LONGEST.days} days")
        if first and last and not 2000 <= first.year <= last.year < 2100:
            raise forms.ValidationError("days from 2000 to 2099")
        return given

    def span(self) -> tuple[datetime, datetime]:
        """Return the first instant of the first day, and of the day after the last."""
        return _start_of_day(self.cleaned_data["first"]), _start_of_day(
            self.cleaned_data["last"]
        ) + timedelta(days=1)


def _start_of_day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def statement_page(request: HttpRequest, worker_id: UUID) -> HttpResponse:
    """Show the statement of `?month=2026-03` or `?first=2026-03-01&last=2026-03-15`, by default of this
    month.

    A POST records in the audit log that the statement is taken as a file and redirects to its address.
    """
    if not (_may_see(request, Worker) and _may_see(request, LedgerEntry)):
        raise PermissionDenied
    worker = get_object_or_404(Worker.objects.defer(*secret_columns(Worker)), pk=worker_id)
    now = database_now()
    form = SpanForm(request.GET if "first" in request.GET or "last" in request.GET else None)
    months = months_back(now, 12, since=worker.created_at)
    start, end = month_of(request.GET.get("month", "")) or month_from(months[0])
    if form.is_bound and form.is_valid():
        start, end = form.span()
    found = read_statement(worker.pk, start, end)
    if request.method == "POST":
        metadata = {"form": "pdf", "rows": len(found.lines), "start": start, "end": end}
        audit.record("statement.export", worker, metadata=metadata)
        return redirect_to_file(request, format="pdf")
    if request.GET.get("format") == "pdf" and take_ticket(request):
        file = statement_pdf.as_pdf(found, name=str(worker), identity=str(worker.pk), made_at=now)
        return statement_pdf.pdf_response(file, f"{start:%Y-%m-%d}")
    form = form if form.is_bound else SpanForm({"first": start.date(), "last": (end - timedelta(1)).date()})
    context = {
        **admin.site.each_context(request),
        "title": f"Statement of {worker}",
        "worker": worker,
        "statement": found,
        "last_day": end - timedelta(days=1),
        "form": form,
        "months": months,
        "span": urlencode({"first": f"{start:%Y-%m-%d}", "last": f"{end - timedelta(1):%Y-%m-%d}"}),
    }
    return TemplateResponse(request, "admin/gigstream/statement.html", context)


def _may_see(request: HttpRequest, model: Any) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


def _month_links(worker: Worker) -> Sequence[Sequence[object]]:
    """Return a link for each of the last months."""
    page = reverse("admin:payments_statement", args=[worker.pk])
    return [
        (format_html('<a href="{}?month={}">{}</a>', page, f"{month:%Y-%m}", f"{month:%Y-%m}"),)
        for month in months_back(database_now(), LINKED_MONTHS, since=worker.created_at)
    ]


show_on(Worker, Figures("Statements", LedgerEntry, ("month",), _month_links))
