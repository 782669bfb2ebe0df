"""A worker's own creator profiles and works over the API."""

from django.db.models import F
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, Text
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from platforms.catalogue.enums import CreatorStatus, WorkKind
from platforms.models import CreatorProfile, Work
from workers.sign_in.views import MyView, PeriodQuery

PROFILE_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "platform_id",
    "status",
    "display_name",
    "token_address",
    "verified_at",
    "closed_at",
)
WORK_COLUMNS = (
    "id",
    "created_at",
    "platform_id",
    "creator_id",
    "title",
    "kind",
    "content_id",
    "price",
    "rate",
    "published_on",
    "withdrawn_at",
)
_PLATFORM_NAME = Text(help_text="the platform whose catalogue it is in")

MyCreatorRow = describe_rows("MyCreatorRow", CreatorProfile, PROFILE_COLUMNS, platform_name=_PLATFORM_NAME)
MyWorkRow = describe_rows("MyWorkRow", Work, WORK_COLUMNS, platform_name=_PLATFORM_NAME)


class MyCreatorQuery(PeriodQuery):
    status = Choice(choices=CreatorStatus.values, required=False)


class MyWorkQuery(PeriodQuery):
    creator_id = Id(required=False)
    kind = Choice(choices=WorkKind.values, required=False)


class MyCreators(MyView):
    """`me/creators`."""

    query = MyCreatorQuery
    endpoints = {"GET": Endpoint("list_my_creators", MyCreatorRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your profiles as a creator, newest first."""
        own = CreatorProfile.objects.filter(worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request)).annotate(platform_name=F("platform__name"))
        return self.paged(request, rows.values(*PROFILE_COLUMNS, "platform_name"))


class MyWorks(MyView):
    """`me/works`."""

    query = MyWorkQuery
    endpoints = {"GET": Endpoint("list_my_works", MyWorkRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the works that are yours now, newest first, with their prices and rates."""
        own = Work.objects.filter(creator__worker=self.worker(request))
        rows = narrow_rows(own, self.read_query(request)).annotate(platform_name=F("platform__name"))
        return self.paged(request, rows.values(*WORK_COLUMNS, "platform_name"))
