"""Actions: buttons that call a service for each selected row, after a page that says what will be done."""

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
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

from gigstream.lib.admin.columns import admin_url, link, list_url
from gigstream.lib.errors import Refusal
from gigstream.lib.money import ZERO, usdc

MOST_AT_ONCE = 200
LONGEST_REASON = 500
CONFIRMED = "confirmed"
SENT = "This was confirmed already: it was done once, and not again."
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)
Action = Callable[[Any, HttpRequest, QuerySet], HttpResponse | None]
FirstTime = Callable[[HttpRequest, str], bool]
ForReason = Callable[[str], AbstractContextManager[None]]


def _classes(widget: forms.Widget) -> Sequence[str]:
    """What unfold's own fields look like."""
    if isinstance(widget, forms.Textarea):
        return TEXTAREA_CLASSES
    return SELECT_CLASSES if isinstance(widget, forms.Select) else INPUT_CLASSES


class ActForm(forms.Form):
    """What an action wants to know; `rows` are those that it is for."""

    def __init__(self, *args: Any, rows: Sequence[models.Model], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for one in self.fields.values():
            one.widget.attrs["class"] = " ".join(_classes(one.widget))


class ReasonForm(ActForm):
    """For acts with consequences: why."""

    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3}))


@dataclass(frozen=True, slots=True)
class Told:
    """What an act has to say of one row instead of being counted, as a warning where it did not come to what
    was wanted. A `secret` is shown this once."""

    text: str
    about: models.Model | None = None
    secret: str = ""
    is_warning: bool = False

    @property
    def html(self) -> SafeString:
        parts = filter(None, [self.text, link(self.about)])
        return format_html_join(" ", "{}", ((part,) for part in parts))


@dataclass(slots=True)
class Done:
    """What became of the rows: how many were acted on, what is to be told, and what was refused and why."""

    count: int = 0
    told: list[Told] = field(default_factory=list)
    refused: list[tuple[models.Model, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of button. Services decide what is allowed; `when` only keeps a row's page tidy."""

    name: str
    words: str
    done: str
    act: Callable[..., object]
    form: type[ActForm] = ReasonForm
    money: Callable[[Any], Decimal | None] | None = None
    single: bool = False
    note: str = ""
    tell: Callable[[Any], object] | None = None

    def run_alone(self, model_admin: Any, request: HttpRequest) -> HttpResponse:
        """The same for an act that is on no row: its page asks, and leads back to the list."""
        form = self.form(request.POST if CONFIRMED in request.POST else None, rows=())
        token = request.POST.get(CONFIRMED, "")
        if not TOKEN.fullmatch(token) or not form.is_valid():
            return self._ask(model_admin, request, (), form)
        if not _is_first_time(request, token):
            messages.warning(request, SENT)
            return _back(model_admin, request, ())
        try:
            with _for_reason(form.cleaned_data.get("reason", "")):
                self.act(**form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return self._ask(model_admin, request, (), form)
        messages.success(request, f"{self.words}: {self.done}.")
        return _back(model_admin, request, ())

    def run(self, model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """The page that asks, until it is answered; then the act, once."""
        rows = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE or (self.single and len(rows) > 1):
            most = 1 if self.single else MOST_AT_ONCE
            messages.error(request, f"Select at most {most} at once; nothing was done.")
            return None
        token = request.POST.get(CONFIRMED, "")
        if not TOKEN.fullmatch(token):
            return self._ask(model_admin, request, rows, self.form(rows=rows))
        form = self.form(request.POST, rows=rows)
        if not form.is_valid():
            return self._ask(model_admin, request, rows, form)
        if not _is_first_time(request, token):
            messages.warning(request, SENT)
            return _back(model_admin, request, rows)
        return self._answer(model_admin, request, rows, form, self._do(rows, form.cleaned_data))

    def _do(self, rows: Sequence[models.Model], given: dict[str, Any]) -> Done:
        done = Done()
        for row in rows:
            try:
                with _for_reason(str(given.get("reason", ""))):
                    result = self.act(row, **given)
            except Refusal as refusal:
                done.refused.append((row, refusal.message))
            except OperationalError:
                done.refused.append((row, "the row is busy, nothing was done; try again"))
            else:
                if isinstance(result, Told):
                    done.told.append(result)
                else:
                    done.count += 1
        return done

    def _answer(
        self, model_admin: Any, request: HttpRequest, rows: Sequence[models.Model], form: ActForm, done: Done
    ) -> HttpResponse | None:
        if done.count:
            noun = _noun(model_admin, done.count)
            messages.success(request, f"{done.count} {noun} {self.done}.")
        for told in done.told:
            if not told.secret:
                messages.add_message(
                    request, messages.WARNING if told.is_warning else messages.SUCCESS, told.html
                )
        for row, why in done.refused:
            messages.error(request, f"{row}: {why}")
        if any(told.secret for told in done.told):
            return self._show_once(model_admin, request, rows, done)
        if done.refused:
            left = [row for row, _ in done.refused]
            return self._ask(model_admin, request, left, form, dict(done.refused))
        return _back(model_admin, request, rows)

    def _ask(
        self,
        model_admin: Any,
        request: HttpRequest,
        rows: Sequence[models.Model],
        form: ActForm,
        refused: dict[models.Model, str] | None = None,
    ) -> HttpResponse:
        """What will be done, to which rows, with how much money; what was refused stands beside its row, and
        what was written in the form is still there."""
        money = [self.money(row) if self.money else None for row in rows]
        context = {
            **_context(model_admin, request, self.words),
            "action": self.name,
            "words": self.words,
            "note": self.note,
            "form": form,
            "count": len(rows),
            "noun": _noun(model_admin, len(rows)),
            "sum": usdc(sum(filter(None, money), ZERO)) if any(one is not None for one in money) else "",
            "rows": [
                {
                    "pk": row.pk,
                    "link": link(row),
                    "state": row.get_status_display() if hasattr(row, "get_status_display") else "",
                    "told": self.tell(row) if self.tell else "",
                    "money": "" if one is None else usdc(one),
                    "why": (refused or {}).get(row, ""),
                }
                for row, one in zip(rows, money, strict=True)
            ],
            "token": secrets.token_urlsafe(24),
            "confirmed": CONFIRMED,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "from_page": "from_page" in request.POST,
            "came_from": _came_from(request),
            "to": request.path,
            "back": _where(model_admin, request, rows),
        }
        return TemplateResponse(request, "admin/gigstream/confirm.html", context)

    def _show_once(
        self, model_admin: Any, request: HttpRequest, rows: Sequence[models.Model], done: Done
    ) -> HttpResponse:
        context = {
            **_context(model_admin, request, self.words),
            "told": [told for told in done.told if told.secret],
            "back": _where(model_admin, request, rows),
        }
        answer = TemplateResponse(request, "admin/gigstream/shown_once.html", context)
        add_never_cache_headers(answer)
        return answer


def each(
    name: str,
    words: str,
    done: str,
    act: Callable[..., object],
    *,
    form: type[ActForm] = ReasonForm,
    when: Callable[[Any], bool] = lambda row: True,
    may: Callable[[Any, Any], bool] = lambda user, row: True,
    money: Callable[[Any], Decimal | None] | None = None,
    single: bool = False,
    note: str = "",
    tell: Callable[[Any], object] | None = None,
) -> Action:
    """An action that calls a service for each selected row, once it is confirmed, and tells what was refused,
    row by row. `act` gets the row, and what the `form` asks for by name: a reason unless another is given.

    `words` stand in the menu, `done` is the past participle in the message of success, `money` is what is
    concerned of a row, `note` says what follows, `tell`
    what else is to be known of a row. A `single` one is for one row at a time. A row's own page
    offers the action only `when` it makes sense, and to whom it `may` be offered; what is allowed the service
    decides.
    """
    whole = Act(name, words, done, act, form, money, single, note, tell)

    @admin.action(description=words, permissions=["operate"])
    def run(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return whole.run(model_admin, request, queryset)

    run.__name__ = name
    run.when = when  # type: ignore[attr-defined]
    run.may = may  # type: ignore[attr-defined]
    return run


_on: dict[type[models.Model], list[Action]] = {}


def act_on(model: type[models.Model], *actions: Action) -> None:
    """Add the actions, of an app above, to the pages of `model`."""
    _on.setdefault(model, []).extend(actions)


def actions_on(model: type[models.Model]) -> Sequence[Action]:
    """What the apps above have added for the model."""
    return _on.get(model, ())


# --- Once ---------------------------------------------------------------------------------------------------
_registered: list[FirstTime] = []


def register_first_time(first_time: FirstTime) -> None:
    """Name what tells whether a confirmation comes for the first time."""
    if _registered:
        raise ValueError("it is registered already who tells first confirmations")
    _registered.append(first_time)


def _is_first_time(request: HttpRequest, token: str) -> bool:
    return _registered[0](request, token)


_reasons: list[ForReason] = []


def register_for_reason(for_reason: ForReason) -> None:
    """Name the frame in which an act is done for a reason, so that all that it leaves on record has it."""
    if _reasons:
        raise ValueError("a frame for reasons is registered already")
    _reasons.append(for_reason)


def _for_reason(reason: str) -> AbstractContextManager[None]:
    return _reasons[0](reason) if reason else nullcontext()


# --- Pages --------------------------------------------------------------------------------------------------
def _context(model_admin: Any, request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "media": model_admin.media,
    }


def _noun(model_admin: Any, count: int) -> str:
    return str(model_admin.opts.verbose_name if count == 1 else model_admin.opts.verbose_name_plural)


def _came_from(request: HttpRequest) -> str:
    """The page over all apps that offered the button, if one of this site did."""
    address = request.POST.get("came_from", "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def _where(model_admin: Any, request: HttpRequest, rows: Sequence[models.Model]) -> str:
    if came_from := _came_from(request):
        return came_from
    if "from_page" in request.POST and len(rows) == 1:
        return admin_url(rows[0])
    return list_url(model_admin.model)


def _back(model_admin: Any, request: HttpRequest, rows: Sequence[models.Model]) -> HttpResponse:
    return HttpResponseRedirect(_where(model_admin, request, rows))
