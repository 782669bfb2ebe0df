"""The page on which staff decide about submissions one after another, by keyboard if they like."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from gigstream.adminkit import admin_url
from gigstream.adminkit.actions import LONGEST_REASON
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from reputation.models import Submission
from reputation.submissions import services
from reputation.submissions.enums import SubmissionStatus, Verdict
from reputation.submissions.selectors import (
    image_url,
    record_of_worker,
    same_file_elsewhere,
    similar_images,
)
from reputation.submissions.services import Reviewer
from reputation.submissions.services.reviewing import approvals_needed, describe_reward

REVIEW_URL = "admin:reputation_submission_review"
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A verdict as it was sent: on which submission, with which feedback."""

    key: UUID
    verdict: str
    feedback: str

    @classmethod
    def of(cls, request: HttpRequest) -> "_Verdict | None":
        """Return the verdict of the request, None where it is not one."""
        key, verdict = _uuid(request.POST.get("submission", "")), request.POST.get("verdict", "")
        if key is None or verdict not in Verdict.values:
            return None
        return cls(key, verdict, request.POST.get("feedback", "")[:LONGEST_REASON])


def review_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the oldest submission that waits for this member of staff; take their verdict, and show the
    next."""
    if not model_admin.has_operate_permission(request):
        raise PermissionDenied
    given = _Verdict.of(request) if request.method == "POST" else None
    if given is not None:
        if not model_admin.has_operate_permission(request, given.verdict):
            raise PermissionDenied
        if _apply(request, given):
            return HttpResponseRedirect(_address(after=given.key))
    now, reviewer = database_now(), Reviewer.of_staff()
    waiting = _waiting_for(reviewer, now)
    shown = waiting.filter(pk=given.key).first() if given else _next_of(waiting, request)
    context = {
        **admin.site.each_context(request),
        "title": "Review submissions",
        "waiting": waiting[:MOST_COUNTED].count(),
        "feedback": given.feedback if given else "",
        "longest": LONGEST_REASON,
        "here": reverse(REVIEW_URL),
        "is_first": "after" not in request.GET,
        **(_describe(shown, reviewer, now) if shown else {}),
    }
    return TemplateResponse(request, "admin/gigstream/review.html", context)


def _waiting_for(reviewer: Reviewer, now: datetime) -> QuerySet[Submission]:
    """Return the submissions that this member of staff may decide about, oldest first."""
    overdue = timedelta(days=settings.SUBMISSION_OVERDUE_DAYS)
    rows = Submission.objects.for_staff(now, overdue_after=overdue)
    rows = rows.exclude(reviews__reviewer=reviewer.key).order_by("created_at", "pk")
    return rows.select_related("quest", "quest__platform", "worker", "reservation")


def _next_of(waiting: QuerySet[Submission], request: HttpRequest) -> Submission | None:
    """Return the submission behind that of the address, or the oldest, also where none is behind it."""
    key = _uuid(request.GET.get("after", ""))
    last = Submission.objects.filter(pk=key).values_list("created_at", "pk").first() if key else None
    if last is None:
        return waiting.first()
    later = Q(created_at__gt=last[0]) | Q(created_at=last[0], pk__gt=last[1])
    return waiting.filter(later).first() or waiting.exclude(pk=last[1]).first() or waiting.first()


def _apply(request: HttpRequest, given: _Verdict) -> bool:
    """Give the verdict, with a message about it; return whether it was taken."""
    try:
        if given.verdict == Verdict.REJECT:
            made = services.reject_submission(
                submission_id=given.key, reviewer=Reviewer.of_staff(), feedback=given.feedback
            )
        else:
            made = services.approve_submission(
                submission_id=given.key, reviewer=Reviewer.of_staff(), feedback=given.feedback
            )
    except Refusal as refusal:
        messages.error(request, _in_words(refusal))
        return False
    waits = made.status not in (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED)
    done = "Approved; a second reviewer decides next" if waits else str(made.get_status_display())
    messages.success(request, f"{done}: {made}.")
    return True


def _in_words(refusal: Refusal) -> str:
    if refusal.code == "reason_missing":
        return "Write a reason before you reject: the worker reads it."
    return refusal.message


def _describe(submission: Submission, reviewer: Reviewer, now: datetime) -> dict[str, Any]:
    similar = similar_images(submission, most_bits=settings.SUBMISSION_SIMILAR_BITS)
    rows = Submission.objects.in_bulk([one.submission_id for one in similar])
    return {
        "submission": submission,
        "submission_url": admin_url(submission),
        "quest_url": admin_url(submission.quest),
        "worker_url": admin_url(submission.worker),
        "image": image_url(submission),
        "reward": describe_reward(submission),
        "age": now - submission.created_at,
        "record": record_of_worker(submission.worker_id),
        "same_file": same_file_elsewhere(submission),
        "similar": [
            (one, image_url(rows[one.submission_id]), admin_url(rows[one.submission_id])) for one in similar
        ],
        "reviews": list(submission.reviews.order_by("pk")),
        "approvals": submission.reviews.filter(verdict=Verdict.APPROVE).count(),
        "needed": approvals_needed(submission),
        "next": _address(after=submission.pk),
    }


def _address(**query: object) -> str:
    return f"{reverse(REVIEW_URL)}?{urlencode(query)}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
