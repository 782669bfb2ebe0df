"""Pages that confirm actions: each has an address, keeps the words written on it, and knows when it is
stale."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_datetime

from audit.models import Approval
from gigstream.adminkit.actions import drafts
from gigstream.adminkit.actions.addresses import back_address, chosen_keys
from gigstream.adminkit.actions.contexts import context_of
from gigstream.adminkit.actions.forms import ActionForm
from gigstream.adminkit.actions.notices import notices_of, waiting_approvals
from gigstream.adminkit.actions.offers import may_use, waiting_for, who_may
from gigstream.adminkit.actions.registration import record_token
from gigstream.adminkit.actions.results import ActionOutcome
from gigstream.adminkit.actions.row_action import MOST_AT_ONCE, RowAction
from gigstream.adminkit.actions.states import lines_since, state_of
from gigstream.adminkit.links import admin_url, link_with_reference, list_url
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import ZERO, usdc
from gigstream.core.people.row_names import title_of
from gigstream.core.people.staff_names import name_actor
from gigstream.web.error_pages import error_page, refuse_forgery

CONFIRMED, SEEN, DRAWN_AT, KEEP = "confirmed", "seen", "drawn_at", "keep"
ALREADY_DONE = "This was confirmed already: it was done once, and not again."
NOT_DONE = "Nothing was done: your session had ended, or the form was too old. Your words are here."
KEPT = "Nothing was done yet. Your words from before are here."
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)
# Up to so many rows a page explains each; more it lists.
MOST_EXPLAINED = 20


def act_page(model_admin: Any, request: HttpRequest, name: str) -> HttpResponse:
    """Answer a request for the page of the action: show it, keep its words, or run the action."""
    action = model_admin.action_named(name)
    if action is None:
        raise Http404
    if not model_admin.has_view_permission(request) or not model_admin.has_operate_permission(request, name):
        raise PermissionDenied
    page = ActPage(model_admin, request, action)
    if request.method != "POST":
        return page.show()
    return page.keep() if KEEP in request.POST else page.act()


def keep_unanswered(request: HttpRequest) -> HttpResponse | None:
    """Keep the words of a form that meets a log-in page. Return an answer to a script that only saves
    them."""
    place = drafts.read_note(request)
    if place is not None:
        drafts.keep_draft(place, request.POST, was_sent=KEEP not in request.POST)
    return HttpResponse(status=204) if KEEP in request.POST else None


def refuse_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form whose token is missing or old, keep its words, and lead back to its page: Django's
    CSRF_FAILURE_VIEW."""
    place = drafts.read_note(request)
    if place is None:
        return refuse_forgery(request, reason)
    drafts.keep_draft(place, request.POST, was_sent=KEEP not in request.POST)
    return error_page(
        request,
        403,
        "Nothing was done. Your words are kept: open the page again.",
        title="The form was open for too long",
        link=(place.address, "Back to the page"),
    )


@dataclass(slots=True)
class Row:
    """A row of the page, with the state in which the page shows it."""

    row: models.Model
    state: str
    waits: Approval | None
    may: bool
    fits: bool

    @property
    def is_possible(self) -> bool:
        """Whether the action can be tried for the row now, by this reader."""
        return self.fits and self.may and self.waits is None


class ActPage:
    """The page of an action for the rows that its address names."""

    def __init__(self, model_admin: Any, request: HttpRequest, action: RowAction) -> None:
        self.model_admin, self.request, self.action = model_admin, request, action
        self.is_alone = action in model_admin.alone
        self.keys = [] if self.is_alone else chosen_keys(request)
        self.place = drafts.place_of(request, self.keys)
        rows = [] if self.is_alone else self._read_rows()
        waiting = waiting_approvals(rows)
        self.rows = [self._row(row, waiting) for row in rows]
        self.notices = notices_of(rows, waiting)

    def _read_rows(self) -> list[models.Model]:
        if not self.keys or len(self.keys) > (1 if self.action.single else MOST_AT_ONCE):
            raise Http404
        try:
            every = self.model_admin.get_queryset(self.request).filter(pk__in=self.keys)
            rows = list(every.order_by("pk").select_related(*self.model_admin.list_select_related))
        except (ValidationError, ValueError) as error:
            raise Http404 from error
        if not rows:
            raise Http404
        return rows

    def _row(self, row: models.Model, waiting: Mapping[Any, Sequence[Approval]]) -> Row:
        return Row(
            row,
            state=state_of(row, self.action.watches),
            waits=waiting_for(self.action, waiting.get(row.pk, ())),
            may=may_use(self.request.user, self.action, row),
            fits=self.action.when(row),
        )

    # --- Answers --------------------------------------------------------------------------------------------
    def show(self) -> HttpResponse:
        """Show the page, with the words that were written on it before."""
        draft = drafts.find_draft(self.place)
        if draft is None:
            return self._render(self.rows, self._form())
        kept = NOT_DONE if draft.was_sent else KEPT
        return self._render(self.rows, self._form_with(draft.as_form_data()), kept=kept)

    def keep(self) -> HttpResponse:
        """Keep the words of the form, as it is written."""
        drafts.keep_draft(self.place, self.request.POST)
        return HttpResponse(status=204)

    def act(self) -> HttpResponse:
        """Run the action once, for the rows that are as the page showed them."""
        token = self.request.POST.get(CONFIRMED, "")
        if not TOKEN.fullmatch(token):
            return self._render(self.rows, self._form())
        form = self._form(self.request.POST)
        is_valid = form.is_valid()
        if is_valid and not record_token(self.request, token):
            messages.warning(self.request, ALREADY_DONE)
            return self._go_back()
        if is_valid and self.is_alone:
            return self._run_alone(form)
        changed = self._changed_rows()
        left = [one.row for one in self.rows if one.row.pk not in changed]
        if changed and not left:
            # Nobody judges the words for a row that has changed.
            return self._render(self.rows, self._form_with(self.request.POST), changed=changed)
        if not is_valid:
            return self._render(self.rows, form, changed=changed)
        outcome = self.action.run_rows(left, dict(form.cleaned_data))
        return self._report(form, outcome, changed)

    def _run_alone(self, form: ActionForm) -> HttpResponse:
        try:
            result = self.action.run_alone(dict(form.cleaned_data))
        except Refusal as refusal:
            messages.error(self.request, refusal.message)
            return self._render((), form)
        messages.success(self.request, result.html)
        return self._go_back()

    def _report(
        self, form: ActionForm, outcome: ActionOutcome, changed: Mapping[Any, Sequence[str]]
    ) -> HttpResponse:
        if outcome.count:
            noun = self._noun(outcome.count)
            messages.success(self.request, f"{outcome.count} {noun} {self.action.done}.")
        for result in outcome.results:
            if not result.secret:
                level = messages.WARNING if result.is_warning else messages.SUCCESS
                messages.add_message(self.request, level, result.html)
        for row, why in outcome.refused:
            messages.error(self.request, f"{title_of(row)}: {why}")
        if any(result.secret for result in outcome.results):
            return self._show_secrets(outcome)
        if outcome.refused or changed:
            return self._render_left(form, dict(outcome.refused), changed)
        return self._go_back()

    def _render_left(
        self, form: ActionForm, refused: Mapping[models.Model, str], changed: Mapping[Any, Sequence[str]]
    ) -> HttpResponse:
        """Render the page again for the rows that are left, as they are now."""
        again = {row.pk: row for row in self._read_rows()}
        waiting = waiting_approvals(list(again.values()))
        keys = {row.pk for row in refused} | set(changed)
        rows = [self._row(row, waiting) for key, row in again.items() if key in keys]
        return self._render(
            rows, form, refused={row.pk: why for row, why in refused.items()}, changed=changed
        )

    # --- Stale pages ----------------------------------------------------------------------------------------
    def _changed_rows(self) -> dict[Any, list[str]]:
        """Return the rows that are not as the page showed them, each with its history since."""
        seen = dict(text.rpartition(":")[::2] for text in self.request.POST.getlist(SEEN))
        changed = [one.row for one in self.rows if seen.get(str(one.row.pk)) != one.state]
        since = _read_instant(self.request.POST.get(DRAWN_AT, ""))
        return lines_since(changed, since)

    # --- The page -------------------------------------------------------------------------------------------
    def _form(self, data: Any = None) -> ActionForm:
        return self.action.form(data, rows=[one.row for one in self.rows])

    def _form_with(self, words: QueryDict) -> ActionForm:
        """Return the form with these words in it, which nobody judges yet."""
        form = self._form()
        form.initial = {
            name: field.widget.value_from_datadict(words, MultiValueDict(), form.add_prefix(name))
            for name, field in form.fields.items()
        }
        return form

    def _render(
        self,
        rows: Sequence[Row],
        form: ActionForm,
        *,
        kept: str = "",
        refused: Mapping[Any, str] | None = None,
        changed: Mapping[Any, Sequence[str]] | None = None,
    ) -> HttpResponse:
        action = self.action
        money = [action.money(one.row) if action.money else None for one in rows]
        history = lines_since([one.row for one in rows if not one.fits], None)
        context = context_of([one.row for one in rows]) if len(rows) <= MOST_EXPLAINED else {}
        lines = [
            {
                **self._row_line(one, (refused or {}).get(one.row.pk, ""), history),
                "money": "" if part is None else usdc(part),
                "context": context.get(one.row.pk, ()),
                "notices": self.notices.get(one.row.pk, ()),
                "effect": self._effect(one) if len(rows) <= MOST_EXPLAINED else "",
                "changed": (changed or {}).get(one.row.pk),
                "can_be_done": one.is_possible,
            }
            for one, part in zip(rows, money, strict=True)
        ]
        return TemplateResponse(
            self.request,
            "admin/gigstream/confirm.html",
            {
                **self._page_context(),
                "action": action.name,
                "label": action.label,
                "note": action.note,
                "form": form,
                "kept": kept,
                "count": len(rows),
                "noun": self._noun(len(rows)),
                "sum": usdc(sum(filter(None, money), ZERO)) if len(money) > 1 and any(money) else "",
                "rows": lines,
                "is_possible": self.is_alone or any(one.is_possible for one in rows),
                "token": secrets.token_urlsafe(24),
                "confirmed": CONFIRMED,
                "drawn_at": database_now().isoformat(),
                "draft_note": self.place.note,
                "to": self.request.get_full_path(),
                "back": self._back(),
            },
        )

    def _row_line(self, one: Row, refused: str, history: Mapping[Any, Sequence[str]]) -> dict[str, Any]:
        row: Any = one.row
        return {
            "pk": row.pk,
            "link": link_with_reference(row),
            "status": row.get_status_display() if hasattr(row, "get_status_display") else "",
            "seen": f"{row.pk}:{one.state}",
            "why": refused or self._why_not(one),
            "history": () if one.fits or refused else history.get(row.pk, ()),
        }

    def _effect(self, one: Row) -> str:
        return self.action.effect(one.row) if self.action.effect and one.fits else ""

    def _why_not(self, one: Row) -> str:
        """Return why the action makes no sense for the row now, empty where it does."""
        if one.waits is not None:
            by, until = name_actor(one.waits.requested_by), f"{one.waits.expires_at:%Y-%m-%d %H:%M} UTC"
            return f"requested by {by} already, waits for a second person until {until}"
        if not one.may:
            return f"needs {who_may(self.action, one.row)}"
        return "" if one.fits else "this cannot be done as it is now"

    def _show_secrets(self, outcome: ActionOutcome) -> HttpResponse:
        results = [result for result in outcome.results if result.secret]
        context = {**self._page_context(), "results": results, "back": self._back()}
        answer = TemplateResponse(self.request, "admin/gigstream/visible_once.html", context)
        add_never_cache_headers(answer)
        drafts.drop_draft(self.place)
        return answer

    def _page_context(self) -> dict[str, Any]:
        return {
            **self.model_admin.admin_site.each_context(self.request),
            "title": self.action.label,
            "opts": self.model_admin.opts,
            "media": self.model_admin.media,
        }

    def _noun(self, count: int) -> str:
        opts = self.model_admin.opts
        return str(opts.verbose_name if count == 1 else opts.verbose_name_plural)

    def _back(self) -> str:
        if back := back_address(self.request):
            return back
        model = self.model_admin.model
        return admin_url(self.rows[0].row) if len(self.rows) == 1 else list_url(model)

    def _go_back(self) -> HttpResponse:
        drafts.drop_draft(self.place)
        return HttpResponseRedirect(self._back())


def _read_instant(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
