"""Pages that look over all apps, for staff."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from audit.claims import claim, open_claims, release_claim
from audit.errors import ClaimedByAnother, NotClaimed
from audit.jobs import ask_for
from audit.models import Claim
from gigstream.console.dashboard import ago, may_run_jobs
from gigstream.console.queues import BY_SLUG, QUEUES, Queue
from gigstream.lib.admin import admin_url
from gigstream.lib.admin.actions import LONGEST_REASON
from gigstream.lib.admin.tables import cell, header
from gigstream.lib.clock import database_now
from gigstream.lib.staff import staff_name

SHOWN = 50
WHOSE = {"": "all", "mine": "mine", "nobody": "nobody's"}


@require_GET
def queue_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What waits in one queue, the oldest first: all of it, mine or nobody's."""
    queue = _seen(request, slug)
    now = database_now()
    whose = request.GET.get("whose", "")
    claims = open_claims(queue.subject_type)
    rows = queue.oldest(now, among=_among(whose, claims, _me(request)), limit=SHOWN + 1)
    context = {
        **admin.site.each_context(request),
        "title": queue.title,
        "queue": queue,
        "waiting": queue.waiting(now),
        "rows": [_line(request, queue, row, claims.get(str(row.pk)), now) for row in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
        "whose": whose,
        "filters": [(key, words, f"?whose={key}" if key else "?") for key, words in WHOSE.items()],
        "others": [
            (one, reverse("console:queue", args=[one.slug])) for one in QUEUES if one.may_see(request)
        ],
        "may_work": queue.may_work(request),
        "claim_url": reverse("console:claim", args=[queue.slug]),
        "here": request.get_full_path(),
        "acting_url": _list_of(queue.acting.model),
    }
    return TemplateResponse(request, "console/queue.html", context)


@require_POST
def claim_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One thing in the queue is claimed, taken over or given back, and the queue is shown again."""
    queue = _seen(request, slug)
    if not queue.may_work(request):
        raise PermissionDenied
    row = _row(queue, request.POST.get("id", ""))
    if row is None:
        messages.warning(request, "It does not wait in this queue any more.")
    else:
        _claim(request, queue, row)
    whose = request.POST.get("whose", "")
    back = reverse("console:queue", args=[slug])
    return HttpResponseRedirect(f"{back}?whose={whose}" if whose in WHOSE and whose else back)


@require_POST
def run_job(request: HttpRequest, name: str) -> HttpResponse:
    """The job's bell is rung; a worker runs it."""
    if not may_run_jobs(request):
        raise PermissionDenied
    if name not in settings.JOBS:
        raise Http404
    if ask_for(name):
        messages.success(request, f"{name} is asked for: a worker takes it up next.")
    else:
        messages.warning(request, f"No broker answers: {name} runs in its turn.")
    return HttpResponseRedirect(reverse("admin:index"))


def _seen(request: HttpRequest, slug: str) -> Queue:
    queue = BY_SLUG.get(slug)
    if queue is None:
        raise Http404
    if not queue.may_see(request):
        raise PermissionDenied
    return queue


def _me(request: HttpRequest) -> str:
    return str(request.user.pk)


def _among(whose: str, claims: dict[str, Claim], me: str) -> Q:
    if whose == "mine":
        return Q(pk__in=[key for key, one in claims.items() if one.claimed_by == me])
    if whose == "nobody":
        return ~Q(pk__in=list(claims))
    return Q()


def _columns(queue: Queue) -> list[Any]:
    return [queue.target.shown(column) for column in queue.columns]


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _line(request: HttpRequest, queue: Queue, row: Any, held: Claim | None, now: datetime) -> dict[str, Any]:
    subject = getattr(row, queue.acts_on) if queue.acts_on else row
    since = getattr(row, queue.since)
    return {
        "pk": row.pk,
        "acts_on": subject.pk,
        "url": admin_url(row),
        "since": since,
        "age": ago(now - since),
        "mark": queue.mark(now - since),
        "cells": [(header(one, queue.target), cell(one, row, queue.target)) for one in _columns(queue)],
        "holder": staff_name(held.claimed_by) if held else "",
        "is_mine": held is not None and held.claimed_by == _me(request),
        "claimed_at": held.claimed_at if held else None,
        "actions": _actions(request, queue, subject),
    }


def _actions(request: HttpRequest, queue: Queue, subject: Model) -> list[tuple[str, str]]:
    """Those of the buttons on its own page that the queue names."""
    offered = queue.acting.page_actions(request, subject)
    return [(name, words) for name, words, *_ in offered if name in queue.actions]


def _row(queue: Queue, key: str) -> Any:
    try:
        return queue.rows(database_now()).filter(pk=key).first()
    except (ValidationError, ValueError):
        return None


def _claim(request: HttpRequest, queue: Queue, row: Model) -> None:
    """Do what was asked for, and say what became of it."""
    kind, key, me = queue.subject_type, str(row.pk), _me(request)
    try:
        if request.POST.get("do") == "release":
            release_claim(subject_type=kind, subject_id=key, by=me)
            messages.success(request, f"{row} is anybody's again.")
        else:
            reason = request.POST.get("reason", "")[:LONGEST_REASON]
            claim(subject_type=kind, subject_id=key, by=me, reason=reason)
            messages.success(request, f"{row} is yours.")
    except NotClaimed as refusal:
        messages.warning(request, refusal.message)
    except ClaimedByAnother as refusal:
        holder = refusal.numbers["claimed_by"]
        messages.error(request, f"{row} is claimed by {staff_name(holder)}; to take it over, say why.")
