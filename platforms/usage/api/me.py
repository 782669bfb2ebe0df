"""A creator's own usage over the API: sums, score, what was left out of pay and why, proofs."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from platforms import services
from platforms.models import CreatorProfile, UsageEvent, UsageFinding, Work
from platforms.usage.api.figures import days_of_creator, days_of_work, score_as_json
from platforms.usage.api.schemas import (
    FINDING_COLUMNS,
    ContestForm,
    CreatorDays,
    DaysQuery,
    FindingRow,
    ProofAnswer,
    Score,
    WorkDays,
    proof_as_json,
)
from platforms.usage.selectors import prove_event
from workers.sign_in.views import MyView


class MyCreatorView(MyView):
    """Base view of `me/creators/{id}/…`."""

    def creator(self, request: Request, creator_id: UUID) -> CreatorProfile:
        """Return the worker's own profile. Raises Http404, also for one of somebody else."""
        own = CreatorProfile.objects.filter(worker=self.worker(request))
        found = own.filter(pk=creator_id).first()
        if found is None:
            raise Http404
        return found


class MyCreatorUsage(MyCreatorView):
    """`me/creators/{id}/days`."""

    query = DaysQuery
    endpoints = {"GET": Endpoint("list_my_usage_days", CreatorDays)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return the sums of your works by UTC day, newest first."""
        given = self.read_query(request)
        return json_response(200, days_of_creator(self.creator(request, creator_id), given))


class MyScore(MyCreatorView):
    """`me/creators/{id}/score`."""

    endpoints = {"GET": Endpoint("get_my_score", Score)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """Return your engagement score of today with its parts."""
        return json_response(200, score_as_json(self.creator(request, creator_id)))


class MyFindings(MyCreatorView):
    """`me/creators/{id}/left-out`."""

    endpoints = {"GET": Endpoint("list_my_left_out_usage", FindingRow, listed=True)}

    def get(self, request: Request, creator_id: UUID) -> HttpResponse:
        """List which plays a rule leaves out of pay, how many and why, newest first."""
        rows = UsageFinding.objects.filter(creator=self.creator(request, creator_id))
        return self.paged(request, rows.values(*FINDING_COLUMNS), order=("-found_at", "-id"))


class ContestFinding(MyCreatorView):
    """`me/creators/{id}/left-out/{number}/contest`."""

    endpoints = {"POST": Endpoint("contest_my_left_out_usage", FindingRow, takes=ContestForm)}

    def post(self, request: Request, creator_id: UUID, number: int) -> HttpResponse:
        """Contest that plays were artificial. A person reads it before deciding."""
        words = self.read(request)["contest"]
        creator = self.creator(request, creator_id)
        if not UsageFinding.objects.filter(pk=number, creator=creator).exists():
            raise Http404

        def act() -> tuple[int, Any]:
            finding = services.contest_finding(worker_id=creator.worker_id, finding_id=number, contest=words)
            return 200, {name: getattr(finding, name) for name in FINDING_COLUMNS}

        return self.perform(request, act)


class MyWorkUsage(MyView):
    """`me/works/{id}/days`."""

    query = DaysQuery
    endpoints = {"GET": Endpoint("list_my_work_days", WorkDays)}

    def get(self, request: Request, work_id: UUID) -> HttpResponse:
        """Return the sums of a work that is yours by UTC day, newest first."""
        given = self.read_query(request)
        work = Work.objects.filter(pk=work_id, creator__worker=self.worker(request)).first()
        if work is None:
            raise Http404
        return json_response(200, days_of_work(work, given))


class MyEventProof(MyCreatorView):
    """`me/creators/{id}/usage/{number}/proof`."""

    endpoints = {"GET": Endpoint("prove_my_usage_event", ProofAnswer, may_be_refused=True)}

    def get(self, request: Request, creator_id: UUID, number: int) -> HttpResponse:
        """Prove that a use of your works stands under the root of a receipt."""
        creator = self.creator(request, creator_id)
        if not UsageEvent.objects.filter(number=number, creator_number=creator.number).exists():
            raise Http404
        return json_response(200, proof_as_json(prove_event(creator.platform, number)))
