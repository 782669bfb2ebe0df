"""Submissions of a worker over the API."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.parsing import ImageJSONParser
from gigstream.api.views import json_response
from reputation.models import Submission
from reputation.quests.api.me import MyQuestView
from reputation.submissions import services
from reputation.submissions.api.schemas import (
    AppealForm,
    ImageForm,
    LinkForm,
    MyNewSubmission,
    MySubmissionQuery,
    MySubmissionRow,
    my_submission_as_json,
)
from reputation.submissions.calculations import normal_link
from reputation.submissions.models import LONGEST_LINK
from reputation.submissions.services import Submitted
from workers.sign_in.views import MyView


class MySubmissionsView(MyView):
    """Base view of the worker's own submissions."""

    def own_one(self, request: Request, submission_id: UUID) -> Submission:
        """Return the worker's submission with its quest. Raise Http404."""
        rows = Submission.objects.select_related("quest").filter(worker=self.worker(request))
        found = rows.filter(pk=submission_id).first()
        if found is None:
            raise Http404
        return found


class MySubmissions(MySubmissionsView):
    """`me/submissions`."""

    query = MySubmissionQuery
    endpoints = {"GET": Endpoint("list_my_submissions", MySubmissionRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your submissions, newest first, with their feedback and the time in which you can appeal."""
        own = Submission.objects.filter(worker=self.worker(request))
        rows = pagination.narrow_rows(own, self.read_query(request))
        page, cursor = pagination.read_page(rows.values("id", "created_at"), request.query_params)
        found = Submission.objects.select_related("quest").in_bulk([row["id"] for row in page])
        items = [my_submission_as_json(found[row["id"]]) for row in page]
        return json_response(200, {"items": items, "next": cursor})


class OneMySubmission(MySubmissionsView):
    """`me/submissions/{id}`."""

    endpoints = {"GET": Endpoint("get_my_submission", MySubmissionRow)}

    def get(self, request: Request, submission_id: UUID) -> HttpResponse:
        """Return a submission of yours."""
        return json_response(200, my_submission_as_json(self.own_one(request, submission_id)))


class Appeal(MySubmissionsView):
    """`me/submissions/{id}/appeal`."""

    endpoints = {"POST": Endpoint("appeal_my_submission", MySubmissionRow, takes=AppealForm)}

    def post(self, request: Request, submission_id: UUID) -> HttpResponse:
        """Appeal a rejection, once. A person who has not rejected it decides."""
        words = self.read(request)["words"]
        worker_id = self.worker(request).pk
        self.own_one(request, submission_id)

        def act() -> tuple[int, Any]:
            services.appeal_submission(submission_id=submission_id, worker_id=worker_id, words=words)
            return 200, my_submission_as_json(self.own_one(request, submission_id))

        return self.perform(request, act)


class Submit(MyQuestView, MySubmissionsView):
    """Base view of `me/quests/{id}/submissions…`."""

    moves_money = True

    def submit(
        self, request: Request, quest_id: UUID, service: Callable[..., Submitted], **given: Any
    ) -> HttpResponse:
        """Hand in the proof."""
        worker_id = self.worker(request).pk
        self.require_quest(request, quest_id)

        def act() -> tuple[int, Any]:
            made = service(quest_id=quest_id, worker_id=worker_id, **given)
            shown = my_submission_as_json(self.own_one(request, made.submission.pk))
            return 201, {**shown, "replayed": made.replayed}

        return self.perform(request, act)


class SubmitLink(Submit):
    """`me/quests/{id}/submissions`."""

    endpoints = {"POST": Endpoint("submit_my_link", MyNewSubmission, takes=LinkForm, status=201)}

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Hand in a link as proof. Your place in the quest is kept until it is decided."""
        link = normal_link(self.read(request)["link"], longest=LONGEST_LINK)
        return self.submit(request, quest_id, services.submit_link, link=link)


class SubmitImage(Submit):
    """`me/quests/{id}/submissions/image`."""

    parser_classes = (ImageJSONParser,)
    endpoints = {"POST": Endpoint("submit_my_image", MyNewSubmission, takes=ImageForm, status=201)}

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Hand in an image as proof. It is `received` until it has been read, within seconds; without its
        metadata it is `pending` then, and a person looks at it."""
        content = self.read(request)["image"]
        return self.submit(request, quest_id, services.submit_image, content=content)


urlpatterns = [
    path("me/submissions", MySubmissions.as_view(), name="me-submissions"),
    path("me/submissions/<id:submission_id>", OneMySubmission.as_view(), name="me-submission"),
    path("me/submissions/<id:submission_id>/appeal", Appeal.as_view(), name="me-submission-appeal"),
    path("me/quests/<id:quest_id>/submissions", SubmitLink.as_view(), name="me-quest-submissions"),
    path("me/quests/<id:quest_id>/submissions/image", SubmitImage.as_view(), name="me-quest-image"),
]
