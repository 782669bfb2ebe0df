"""Submissions for a platform's quests over the API."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from platforms.platforms.views import PlatformView
from reputation.models import Submission
from reputation.submissions import services
from reputation.submissions.api.schemas import (
    ApprovalForm,
    RejectionForm,
    SubmissionQuery,
    SubmissionRow,
    submission_as_json,
)
from reputation.submissions.enums import Verdict
from reputation.submissions.services import Reviewer


class SubmissionView(PlatformView):
    """Base view of submissions for the platform's own quests."""

    resource = "submissions"

    def own(self) -> QuerySet[Submission]:
        return Submission.objects.filter(quest__platform=self.platform)


def _with_approvals(rows: QuerySet[Submission]) -> QuerySet[Any]:
    return rows.annotate(approvals=Count("reviews", filter=Q(reviews__verdict=Verdict.APPROVE)))


def _as_json(row: Any) -> dict[str, Any]:
    return submission_as_json(row, row.approvals)


class Submissions(SubmissionView):
    """`submissions`."""

    query = SubmissionQuery
    endpoints = {"GET": Endpoint("list_submissions", SubmissionRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the submissions for the platform's quests, newest first."""
        rows = pagination.narrow_rows(self.own(), self.read_query(request))
        page, cursor = pagination.read_page(rows.values("id", "created_at"), request.query_params)
        keys = [row["id"] for row in page]
        found = {row.pk: row for row in _with_approvals(Submission.objects.filter(pk__in=keys))}
        return json_response(200, {"items": [_as_json(found[key]) for key in keys], "next": cursor})


class OneSubmission(SubmissionView):
    """`submissions/{id}`."""

    endpoints = {"GET": Endpoint("get_submission", SubmissionRow)}

    def get(self, request: Request, submission_id: UUID) -> HttpResponse:
        """Return a submission for a quest of the platform."""
        self.own_one(pk=submission_id)
        return json_response(200, _as_json(_with_approvals(self.own()).get(pk=submission_id)))


class Review(SubmissionView):
    """Base view of `submissions/{id}/…`: a verdict, answered with the submission as it is then."""

    moves_money = True
    service: Any

    def post(self, request: Request, submission_id: UUID) -> HttpResponse:
        given = self.read(request)
        self.own_one(pk=submission_id)
        reviewer = Reviewer.of_platform(self.platform.pk, given.pop("reviewer", ""))

        def act() -> tuple[int, Any]:
            self.service(submission_id=submission_id, reviewer=reviewer, **given)
            return 200, _as_json(_with_approvals(self.own()).get(pk=submission_id))

        return self.perform(request, act)


class Approve(Review):
    """Approve the submission: its worker is rewarded. A large reward needs the approval of two people."""

    endpoints = {"POST": Endpoint("approve_submission", SubmissionRow, takes=ApprovalForm)}
    service = staticmethod(services.approve_submission)


class Reject(Review):
    """Reject the submission, with a reason that its worker reads and can appeal once."""

    endpoints = {"POST": Endpoint("reject_submission", SubmissionRow, takes=RejectionForm)}
    service = staticmethod(services.reject_submission)


urlpatterns = [
    path("submissions", Submissions.as_view(), name="submissions"),
    path("submissions/<id:submission_id>", OneSubmission.as_view(), name="submission"),
    path("submissions/<id:submission_id>/approve", Approve.as_view(), name="submission-approve"),
    path("submissions/<id:submission_id>/reject", Reject.as_view(), name="submission-reject"),
]
