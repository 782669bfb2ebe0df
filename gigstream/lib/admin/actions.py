"""Actions: buttons that call a service for each selected row."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import OperationalError, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.forms import ActionForm

from gigstream.lib.admin.columns import admin_url
from gigstream.lib.errors import Refusal

MOST_AT_ONCE = 200
LONGEST_REASON = 500
Action = Callable[[Any, HttpRequest, QuerySet], HttpResponse | None]


def each(
    name: str,
    words: str,
    done: str,
    act: Callable[[Any], object],
    *,
    when: Callable[[Any], bool] = lambda row: True,
) -> Action:
    """An action that calls a service for each selected row and tells what was refused, row by row.

    `words` stand in the menu, `done` is the past participle in the message of success. A row's own page
    offers the action only `when` it makes sense; what is allowed the service decides.
    """

    @admin.action(description=words, permissions=["operate"])
    def run(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        rows = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, f"Select at most {MOST_AT_ONCE} rows at once; nothing was done.")
            return None
        count = sum(_did(request, act, row) for row in rows)
        if count:
            noun = model_admin.opts.verbose_name if count == 1 else model_admin.opts.verbose_name_plural
            messages.success(request, f"{count} {noun} {done}.")
        return _back_to_the_page(request, rows)

    run.__name__ = name
    run.when = when  # type: ignore[attr-defined]
    return run


def each_with_reason(
    name: str,
    words: str,
    done: str,
    act: Callable[[Any, str], object],
    *,
    when: Callable[[Any], bool] = lambda row: True,
) -> Action:
    """Like `each`, for a service that is told the reason which the member of staff has written beside it."""

    @admin.action(description=words, permissions=["operate"])
    def run(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        return each(name, words, done, lambda row: act(row, reason))(model_admin, request, queryset)

    run.__name__ = name
    run.when = when  # type: ignore[attr-defined]
    run.asks_reason = True  # type: ignore[attr-defined]
    return run


class ReasonForm(ActionForm):
    """The choice of an action, with room for its reason."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="",
        widget=forms.TextInput({"placeholder": "reason", "aria-label": "reason", "class": "action-reason"}),
    )


def _did(request: HttpRequest, act: Callable[[Any], object], row: models.Model) -> bool:
    try:
        act(row)
    except Refusal as refusal:
        messages.error(request, f"{row}: {refusal.message}")
        return False
    except OperationalError:
        messages.error(request, f"{row}: the row is busy, nothing was done; try again")
        return False
    return True


def _back_to_the_page(request: HttpRequest, rows: Sequence[models.Model]) -> HttpResponse | None:
    if "from_page" in request.POST and len(rows) == 1:
        return HttpResponseRedirect(admin_url(rows[0]))
    return None
