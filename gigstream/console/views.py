"""Staff pages that span apps: queues and the start of jobs."""

from collections.abc import Sequence
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

from audit.claims.errors import ClaimedByAnother, NotClaimed
from audit.claims.services import claim, open_claims, release_claim
from audit.models import Claim
from gigstream.adminkit import admin_url
from gigstream.adminkit.actions import LONGEST_REASON, context_of, notices_of, waiting_approvals
from gigstream.adminkit.actions.offers import offers_for
from gigstream.adminkit.names import share_names
from gigstream.adminkit.tables import column_header, render_cell
from gigstream.console.dashboard import format_age, may_run_jobs
from gigstream.console.queues import BY_SLUG, QUEUES, Queue
from gigstream.core.clock import database_now
from gigstream.core.people.row_names import title_of
from gigstream.core.people.staff_names import staff_name
from gigstream.jobs.registry import enqueue_job

SHOWN = 50
FILTERS = {"": "all", "mine": "mine", "nobody": "free"}


@require_GET
def queue_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rows of a queue, oldest first: all, those that the reader has taken, or the free rows."""
    queue = _visible_queue(request, slug)
    now = database_now()
    whose = request.GET.get("whose", "")
    claims = open_claims(queue.subject_type)
    rows = queue.oldest(now, among=_claim_filter(whose, claims, _user_key(request)), limit=SHOWN + 1)
    context = {
        **admin.site.each_context(request),
        "title": queue.title,
        "queue": queue,
        "waiting": queue.waiting(now),
        "rows": _row_lines(request, queue, rows[:SHOWN], claims, now),
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
        "whose": whose,
        "filters": [(key, words, f"?whose={key}" if key else "?") for key, words in FILTERS.items()],
        "others": [
            (each, reverse("console:queue", args=[each.slug])) for each in QUEUES if each.may_see(request)
        ],
        "may_work": queue.may_work(request),
        "claim_url": reverse("console:claim", args=[queue.slug]),
    }
    return TemplateResponse(request, "console/queue.html", context)


@require_POST
def claim_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a row of the queue, take it over or give it back, then show the queue again."""
    queue = _visible_queue(request, slug)
    if not queue.may_work(request):
        raise PermissionDenied
    row = _waiting_row(queue, request.POST.get("id", ""))
    if row is None:
        messages.warning(request, "The item does not wait in this queue any more.")
    else:
        _apply_claim(request, queue, row)
    whose = request.POST.get("whose", "")
    back = reverse("console:queue", args=[slug])
    return HttpResponseRedirect(f"{back}?whose={whose}" if whose in FILTERS and whose else back)


@require_POST
def run_job(request: HttpRequest, name: str) -> HttpResponse:
    """Enqueue the job for a worker to run."""
    if not may_run_jobs(request):
        raise PermissionDenied
    if name not in settings.JOBS:
        raise Http404
    if enqueue_job(name):
        messages.success(request, f"{name} is enqueued: a worker runs it next.")
    else:
        messages.warning(request, f"The broker does not answer: {name} runs at its next scheduled time.")
    return HttpResponseRedirect(reverse("admin:index"))


def _visible_queue(request: HttpRequest, slug: str) -> Queue:
    queue = BY_SLUG.get(slug)
    if queue is None:
        raise Http404
    if not queue.may_see(request):
        raise PermissionDenied
    return queue


def _user_key(request: HttpRequest) -> str:
    return str(request.user.pk)


def _claim_filter(whose: str, claims: dict[str, Claim], me: str) -> Q:
    if whose == "mine":
        return Q(pk__in=[key for key, held in claims.items() if held.claimed_by == me])
    if whose == "nobody":
        return ~Q(pk__in=list(claims))
    return Q()


def _queue_columns(queue: Queue) -> list[Any]:
    return [queue.target.display_for(column) for column in queue.columns]


def _row_lines(
    request: HttpRequest, queue: Queue, rows: Sequence[Any], claims: dict[str, Claim], now: datetime
) -> list[dict[str, Any]]:
    """Return the cards of the rows; their number adds no statement."""
    subjects = [getattr(row, queue.acts_on) if queue.acts_on else row for row in rows]
    share_names(rows)
    waiting = waiting_approvals(subjects)
    context, notices = context_of(rows, on_card=True), notices_of(subjects, waiting)
    actions = [action for action in queue.acting.row_actions() if action.name in queue.actions]
    lines = []
    for row, subject in zip(rows, subjects, strict=True):
        offers = offers_for(request, actions, subject, waiting=waiting, back=request.get_full_path())
        lines.append(
            {
                **_card(request, queue, row, claims.get(str(row.pk)), now),
                "context": context[row.pk],
                "notices": notices[subject.pk],
                "offers": offers,
            }
        )
    return lines


def _card(request: HttpRequest, queue: Queue, row: Any, held: Claim | None, now: datetime) -> dict[str, Any]:
    since = getattr(row, queue.since)
    return {
        "pk": row.pk,
        "name": title_of(row),
        "url": admin_url(row),
        "since": since,
        "age": format_age(now - since),
        "mark": queue.mark(now - since),
        "cells": [
            (column_header(column, queue.target), render_cell(column, row, queue.target))
            for column in _queue_columns(queue)
        ],
        "holder": staff_name(held.claimed_by) if held else "",
        "is_mine": held is not None and held.claimed_by == _user_key(request),
        "claimed_at": held.claimed_at if held else None,
    }


def _waiting_row(queue: Queue, key: str) -> Any:
    try:
        rows = queue.rows(database_now()).select_related(*queue.target.list_select_related)
        return rows.filter(pk=key).first()
    except (ValidationError, ValueError):
        return None


def _apply_claim(request: HttpRequest, queue: Queue, row: Model) -> None:
    """Apply the requested change of the claim and leave a message about its outcome."""
    kind, key, me = queue.subject_type, str(row.pk), _user_key(request)
    try:
        if request.POST.get("do") == "release":
            release_claim(subject_type=kind, subject_id=key, by=me)
            messages.success(request, f"{title_of(row)} is free again.")
        else:
            reason = request.POST.get("reason", "")[:LONGEST_REASON]
            claim(subject_type=kind, subject_id=key, by=me, reason=reason)
            messages.success(request, f"You have taken {title_of(row)}.")
    except NotClaimed as refusal:
        messages.warning(request, refusal.message)
    except ClaimedByAnother as refusal:
        holder = refusal.numbers["claimed_by"]
        text = f"{title_of(row)} is taken by {staff_name(holder)}; give a reason to take it over."
        messages.error(request, text)
