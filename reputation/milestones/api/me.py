"""A creator's own milestones over the API."""

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from platforms.models import CreatorProfile
from reputation.milestones.api.schemas import (
    MyMilestoneRow,
    ProgressAnswer,
    milestone_columns,
    my_milestone_as_json,
    progress_as_json,
)
from reputation.milestones.enums import MilestoneAction
from reputation.milestones.selectors import progress_of
from reputation.models import CreatorMilestone
from workers.sign_in.views import MyView, PeriodQuery


class MyMilestonesQuery(PeriodQuery):
    creator_id = Id(required=False)
    action = Choice(choices=MilestoneAction.values, required=False)


class MyMilestones(MyView):
    """`me/milestones`."""

    query = MyMilestonesQuery
    endpoints = {"GET": Endpoint("list_my_milestones", MyMilestoneRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the milestones that you have reached as a creator, newest first."""
        own = CreatorMilestone.objects.filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request))
        read = rows.values(*milestone_columns("creator__platform_id", "creator__platform__name"))
        return self.paged(request, read, show=my_milestone_as_json)


class MyProgress(MyView):
    """`me/milestones/progress`."""

    endpoints = {"GET": Endpoint("get_my_progress", ProgressAnswer)}

    def get(self, request: Request) -> HttpResponse:
        """Return how far you are with each rule in force on each platform: every condition with the value
        now."""
        now = database_now()
        creators = list(CreatorProfile.objects.open().filter(worker=self.worker(request)).order_by("pk"))
        found = progress_of(creators, now=now)
        return json_response(200, {"as_of": now, "rules": progress_as_json(found)})
