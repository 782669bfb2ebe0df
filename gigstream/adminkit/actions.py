"""Actions: buttons that call a service for each selected row, after a page that says what will be done."""

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.db import OperationalError, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from gigstream.adminkit.columns import admin_url, link_to, list_url
from gigstream.core.errors import Refusal
from gigstream.core.money import ZERO, usdc

MOST_AT_ONCE = 200
LONGEST_REASON = 500
CONFIRMED = "confirmed"
ALREADY_DONE = "This was confirmed already: it was done once, and not again."
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)
TokenRecorder = Callable[[HttpRequest, str], bool]
ReasonFrame = Callable[[str], AbstractContextManager[None]]


def _css_classes(widget: forms.Widget) -> Sequence[str]:
    """Return the classes of unfold's own fields."""
    if isinstance(widget, forms.Textarea):
        return TEXTAREA_CLASSES
    return SELECT_CLASSES if isinstance(widget, forms.Select) else INPUT_CLASSES


class ActionForm(forms.Form):
    """The input of an action; `rows` are the selected rows."""

    def __init__(self, *args: Any, rows: Sequence[models.Model], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for bound in self.fields.values():
            bound.widget.attrs["class"] = " ".join(_css_classes(bound.widget))


class ReasonForm(ActionForm):
    """The reason, for actions with consequences."""

    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3}))


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A message about a row of its own instead of a place in the count, as a warning where the action did not
    succeed in full. A `secret` is shown only once."""

    text: str
    about: models.Model | None = None
    secret: str = ""
    is_warning: bool = False

    @property
    def html(self) -> SafeString:
        parts = filter(None, [self.text, link_to(self.about)])
        return format_html_join(" ", "{}", ((part,) for part in parts))


@dataclass(slots=True)
class ActionOutcome:
    """The outcome for all rows: the number of those done without a result of their own, the results, and the
    refused rows with the reasons."""

    count: int = 0
    results: list[ActionResult] = field(default_factory=list)
    refused: list[tuple[models.Model, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """A button that calls a service for each selected row once it is confirmed, and reports refusals row by
    row.

    `run` gets the row, and the fields of the `form` by name: a reason unless another form is given. `label`
    stands in the menu, `done` is the past participle in the message of success, `money` returns the amount
    concerned by a row, `note` says what follows, `describe` returns more about a row. A `single` action takes
    one row at a time. A row's own page offers the action only `when` it makes sense, and to users for whom
    `may` is true; the service decides what is allowed.

    It is one of Django's admin actions: a callable with a name, a description and permissions.
    """

    name: str
    label: str
    done: str
    run: Callable[..., object]
    form: type[ActionForm] = ReasonForm
    when: Callable[[Any], bool] = lambda row: True
    may: Callable[[Any, Any], bool] = lambda user, row: True
    money: Callable[[Any], Decimal | None] | None = None
    single: bool = False
    note: str = ""
    describe: Callable[[Any], object] | None = None

    allowed_permissions: ClassVar[Sequence[str]] = ("operate",)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def short_description(self) -> str:
        return self.label

    def run_without_rows(self, model_admin: Any, request: HttpRequest) -> HttpResponse:
        """Run an action that has no selected rows; afterwards return to the list."""
        form = self.form(request.POST if CONFIRMED in request.POST else None, rows=())
        token = request.POST.get(CONFIRMED, "")
        if not TOKEN.fullmatch(token) or not form.is_valid():
            return self._render_confirmation(model_admin, request, (), form)
        if not _record_token(request, token):
            messages.warning(request, ALREADY_DONE)
            return _redirect_back(model_admin, request, ())
        try:
            with _reason_frame(form.cleaned_data.get("reason", "")):
                self.run(**form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return self._render_confirmation(model_admin, request, (), form)
        messages.success(request, f"{self.label}: {self.done}.")
        return _redirect_back(model_admin, request, ())

    def __call__(self, model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Show the page of confirmation until it is confirmed; then run the action, once."""
        rows = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE or (self.single and len(rows) > 1):
            most = 1 if self.single else MOST_AT_ONCE
            messages.error(request, f"Select at most {most} at once; nothing was done.")
            return None
        token = request.POST.get(CONFIRMED, "")
        if not TOKEN.fullmatch(token):
            return self._render_confirmation(model_admin, request, rows, self.form(rows=rows))
        form = self.form(request.POST, rows=rows)
        if not form.is_valid():
            return self._render_confirmation(model_admin, request, rows, form)
        if not _record_token(request, token):
            messages.warning(request, ALREADY_DONE)
            return _redirect_back(model_admin, request, rows)
        return self._report(model_admin, request, rows, form, self._run_rows(rows, form.cleaned_data))

    def _run_rows(self, rows: Sequence[models.Model], given: dict[str, Any]) -> ActionOutcome:
        outcome = ActionOutcome()
        for row in rows:
            try:
                with _reason_frame(str(given.get("reason", ""))):
                    result = self.run(row, **given)
            except Refusal as refusal:
                outcome.refused.append((row, refusal.message))
            except OperationalError:
                outcome.refused.append((row, "the row is busy, nothing was done; try again"))
            else:
                if isinstance(result, ActionResult):
                    outcome.results.append(result)
                else:
                    outcome.count += 1
        return outcome

    def _report(
        self,
        model_admin: Any,
        request: HttpRequest,
        rows: Sequence[models.Model],
        form: ActionForm,
        outcome: ActionOutcome,
    ) -> HttpResponse | None:
        if outcome.count:
            noun = _model_noun(model_admin, outcome.count)
            messages.success(request, f"{outcome.count} {noun} {self.done}.")
        for result in outcome.results:
            if not result.secret:
                messages.add_message(
                    request, messages.WARNING if result.is_warning else messages.SUCCESS, result.html
                )
        for row, why in outcome.refused:
            messages.error(request, f"{row}: {why}")
        if any(result.secret for result in outcome.results):
            return self._show_secrets(model_admin, request, rows, outcome)
        if outcome.refused:
            left = [row for row, _ in outcome.refused]
            return self._render_confirmation(model_admin, request, left, form, dict(outcome.refused))
        return _redirect_back(model_admin, request, rows)

    def _render_confirmation(
        self,
        model_admin: Any,
        request: HttpRequest,
        rows: Sequence[models.Model],
        form: ActionForm,
        refused: dict[models.Model, str] | None = None,
    ) -> HttpResponse:
        """Render the page of confirmation: the action, its rows and the money concerned, refusals beside
        their rows, and the form as it was filled in."""
        money = [self.money(row) if self.money else None for row in rows]
        context = {
            **_page_context(model_admin, request, self.label),
            "action": self.name,
            "label": self.label,
            "note": self.note,
            "form": form,
            "count": len(rows),
            "noun": _model_noun(model_admin, len(rows)),
            "sum": usdc(sum(filter(None, money), ZERO)) if any(part is not None for part in money) else "",
            "rows": [
                {
                    "pk": row.pk,
                    "link": link_to(row),
                    "state": row.get_status_display() if hasattr(row, "get_status_display") else "",
                    "description": self.describe(row) if self.describe else "",
                    "money": "" if part is None else usdc(part),
                    "why": (refused or {}).get(row, ""),
                }
                for row, part in zip(rows, money, strict=True)
            ],
            "token": secrets.token_urlsafe(24),
            "confirmed": CONFIRMED,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "from_page": "from_page" in request.POST,
            "came_from": _came_from(request),
            "to": request.path,
            "back": _return_address(model_admin, request, rows),
        }
        return TemplateResponse(request, "admin/gigstream/confirm.html", context)

    def _show_secrets(
        self, model_admin: Any, request: HttpRequest, rows: Sequence[models.Model], outcome: ActionOutcome
    ) -> HttpResponse:
        context = {
            **_page_context(model_admin, request, self.label),
            "results": [result for result in outcome.results if result.secret],
            "back": _return_address(model_admin, request, rows),
        }
        answer = TemplateResponse(request, "admin/gigstream/visible_once.html", context)
        add_never_cache_headers(answer)
        return answer


_added: dict[type[models.Model], list[RowAction]] = {}


def add_actions(model: type[models.Model], *actions: RowAction) -> None:
    """Add the actions, of an app above, to the pages of `model`."""
    _added.setdefault(model, []).extend(actions)


def added_actions(model: type[models.Model]) -> Sequence[RowAction]:
    """Return the actions that the apps above have added for the model."""
    return _added.get(model, ())


_token_recorders: list[TokenRecorder] = []


def register_token_recorder(recorder: TokenRecorder) -> None:
    """Register the function that records a confirmation's token and returns whether it is new."""
    if _token_recorders:
        raise ValueError("a recorder of confirmations is registered already")
    _token_recorders.append(recorder)


def _record_token(request: HttpRequest, token: str) -> bool:
    return _token_recorders[0](request, token)


_reason_frames: list[ReasonFrame] = []


def register_reason_frame(frame: ReasonFrame) -> None:
    """Register the context manager that gives a reason to all audit lines written inside it."""
    if _reason_frames:
        raise ValueError("a frame for reasons is registered already")
    _reason_frames.append(frame)


def _reason_frame(reason: str) -> AbstractContextManager[None]:
    return _reason_frames[0](reason) if reason else nullcontext()


def _page_context(model_admin: Any, request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "media": model_admin.media,
    }


def _model_noun(model_admin: Any, count: int) -> str:
    return str(model_admin.opts.verbose_name if count == 1 else model_admin.opts.verbose_name_plural)


def _came_from(request: HttpRequest) -> str:
    """Return the address of the page over all apps that offered the button, if such a page of this site
    did."""
    address = request.POST.get("came_from", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def _return_address(model_admin: Any, request: HttpRequest, rows: Sequence[models.Model]) -> str:
    if came_from := _came_from(request):
        return came_from
    if "from_page" in request.POST and len(rows) == 1:
        return admin_url(rows[0])
    return list_url(model_admin.model)


def _redirect_back(model_admin: Any, request: HttpRequest, rows: Sequence[models.Model]) -> HttpResponse:
    return HttpResponseRedirect(_return_address(model_admin, request, rows))
