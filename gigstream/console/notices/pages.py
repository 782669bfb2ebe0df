"""The own notices of a member of staff, and the ways in which they want to get them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.models import Notice
from audit.notices.enums import NoticeWay
from audit.notices.errors import UnknownNoticeWay
from audit.notices.kind_registry import all_notice_kinds, find_notice_kind
from audit.notices.selectors import count_unread, notices_of, ways_of
from audit.notices.services import choose_ways, read_notices
from gigstream.adminkit.names import names_of, share_names
from gigstream.console.counts import forget_unread

SHOWN = 50
UNREAD, ALL = "unread", ""
FILTERS = ((ALL, "all"), (UNREAD, "unread"))


@require_GET
def notices_page(request: HttpRequest) -> HttpResponse:
    """Show the reader's notices, newest first: all or the unread, of one kind or of all."""
    chosen = {"show": request.GET.get("show", ""), "kind": request.GET.get("kind", "")}
    rows = notices_of(request.user)  # type: ignore[arg-type]
    if chosen["show"] == UNREAD:
        rows = rows.filter(read_at=None)
    if chosen["kind"] in all_notice_kinds():
        rows = rows.filter(kind=chosen["kind"])
    before = request.GET.get("before", "")
    if _is_number(before):
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: SHOWN + 1])
    shown = found[:SHOWN]
    share_names(shown)
    context = {
        **admin.site.each_context(request),
        "title": "Notices",
        "notices": [_line_of(notice) for notice in shown],
        "chosen": chosen,
        "filters": [(show, words, _address(**{**chosen, "show": show})) for show, words in FILTERS],
        "kinds": _kind_filters(chosen),
        "unread": count_unread(request.user),  # type: ignore[arg-type]
        "older": _address(**chosen, before=str(shown[-1].pk)) if len(found) > SHOWN else "",
    }
    return TemplateResponse(request, "console/notices.html", context)


def _is_number(text: str) -> bool:
    """Whether the text is a number that may be one of a notice."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def _kind_filters(chosen: dict[str, str]) -> list[tuple[str, str, str]]:
    kinds = [("", "Every kind"), *((kind.name, kind.label) for kind in all_notice_kinds().values())]
    return [(name, words, _address(**{**chosen, "kind": name})) for name, words in kinds]


def _address(**query: str) -> str:
    return reverse("console:notices", query={name: value for name, value in query.items() if value})


def _line_of(notice: Notice) -> dict[str, Any]:
    kind = find_notice_kind(notice.kind)
    return {
        "pk": notice.pk,
        "at": notice.created_at,
        "label": kind.label if kind else notice.kind,
        "about": names_of(notice).link(notice.subject_type, notice.subject_id),
        "words": notice.words,
        "address": notice.address,
        "is_unread": notice.read_at is None,
    }


@require_POST
def read_page(request: HttpRequest) -> HttpResponse:
    """Mark a notice as read, or all of them, then show the page again."""
    key = request.POST.get("id", "")
    if key and not _is_number(key):
        raise Http404
    among = Q(pk=int(key)) if key else Q()
    read_notices(request.user, among=among)  # type: ignore[arg-type]
    forget_unread(request)
    return HttpResponseRedirect(
        _address(show=request.POST.get("show", ""), kind=request.POST.get("kind", ""))
    )


@require_http_methods(["GET", "POST"])
def ways_page(request: HttpRequest) -> HttpResponse:
    """Show in which way the reader gets each kind of notice, and keep their choice."""
    member: Any = request.user
    if request.method == "POST":
        ways = {name: request.POST[name] for name in all_notice_kinds() if name in request.POST}
        try:
            choose_ways(member_id=member.pk, ways=ways)
            messages.success(request, "Your choice is kept.")
        except UnknownNoticeWay as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("console:notice-ways"))
    now_chosen = ways_of(member)
    context = {
        **admin.site.each_context(request),
        "title": "My notices",
        "kinds": [(kind, now_chosen[name]) for name, kind in all_notice_kinds().items()],
        "ways": NoticeWay.choices,
        "email": member.email,
    }
    return TemplateResponse(request, "console/notice_ways.html", context)
