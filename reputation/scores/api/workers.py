"""The workers who have agreed to work for a platform: their record, nothing of their money or address."""

from typing import Any
from uuid import UUID

from django.db.models import FilteredRelation, Q, QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, Instant, ReferenceText, StrictSerializer, Text, Whole
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import Rate
from gigstream.api.views import json_response
from platforms.models import Consent
from platforms.platforms.views import PlatformView
from reputation.scores.calculations import tier_of
from reputation.scores.enums import Tier

# The columns of a consent and of the work that followed, by their names in an answer; the last is there for
# the order only.
_SOURCES = {
    "worker_id": "id",
    "worker__reference": "reference",
    "worker__full_name": "full_name",
    "worker__reputation_score": "reputation_score",
    "worker__average_rating": "average_rating",
    "worker__completion_rate": "completion_rate",
    "work__open_tasks": "open_tasks",
    "work__finished_tasks": "finished_tasks",
    "work__first_at": "first_at",
    "work__last_at": "last_at",
    "accepted_at": "accepted_at",
    "ended_at": "ended_at",
    "id": None,
}
_ORDER = ("-accepted_at", "-id")
# The profile of a worker who has left is hidden.
_PROFILE = ("reputation_score", "tier", "average_rating", "completion_rate")


class WorkerRow(serializers.Serializer):
    """A worker who has agreed to work for the platform."""

    id = Id()
    reference = Text(help_text="by which people name the worker")
    full_name = Text()
    reputation_score = Whole(allow_null=True, help_text="0 to 1000; null once they have left you")
    tier = Choice(choices=Tier.values, allow_null=True)
    average_rating = Rate(allow_null=True, help_text="1 to 5; null without ratings")
    completion_rate = Rate(
        allow_null=True, help_text="percent: completed of completed and of those that ended by their fault"
    )
    open_tasks = Whole(help_text="of yours, now")
    finished_tasks = Whole(help_text="of yours")
    first_at = Instant(allow_null=True, help_text="when you first worked together; null before")
    last_at = Instant(allow_null=True, help_text="when you last did")
    accepted_at = Instant(help_text="when they agreed to work for you")
    ended_at = Instant(allow_null=True, help_text="when they left; from then on you cannot assign to them")


class WorkerQuery(StrictSerializer):
    """Filters of a list of workers."""

    reference = ReferenceText(required=False)
    busy = serializers.ChoiceField(choices=["true", "false"], required=False, help_text="with open tasks now")


class WorkerView(PlatformView):
    """Workers by consent: a worker without consent is not found."""

    resource = "workers"

    def own(self) -> QuerySet[Any]:
        mine = Q(worker__engagements__platform=self.platform)
        return Consent.objects.filter(platform=self.platform, worker__deleted_at=None).annotate(
            work=FilteredRelation("worker__engagements", condition=mine)
        )


class Workers(WorkerView):
    """`workers`."""

    query = WorkerQuery
    endpoints = {"GET": Endpoint("list_workers", WorkerRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the workers who have agreed to work for you, the latest agreement first."""
        rows, given = self.own().filter(ended_at=None), self.read_query(request)
        if "reference" in given:
            columns = {"reference": "worker__reference"}
            rows = narrow_rows(rows, {"reference": given["reference"]}, columns=columns)
        if busy := given.get("busy"):
            is_busy = Q(work__open_tasks__gt=0)
            rows = rows.filter(is_busy) if busy == "true" else rows.exclude(is_busy)
        return self.paged(request, rows.values(*_SOURCES), show=_as_row, order=_ORDER)


class OneWorker(WorkerView):
    """`workers/{id}`."""

    endpoints = {"GET": Endpoint("get_worker", WorkerRow)}

    def get(self, request: Request, worker_id: UUID) -> HttpResponse:
        """Return a worker who has agreed to work for you, or has worked for you and left."""
        rows = self.own().filter(worker=worker_id).filter(Q(ended_at=None) | Q(work__isnull=False))
        row = rows.order_by(*_ORDER).values(*_SOURCES).first()
        if row is None:
            raise Http404
        return json_response(200, _as_row(row))


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    worker = {name: row[source] for source, name in _SOURCES.items() if name}
    rating = worker["average_rating"]
    worker |= {
        "average_rating": None if rating is None else str(rating),
        "completion_rate": str(worker["completion_rate"]),
        "tier": tier_of(worker["reputation_score"]),
        "open_tasks": worker["open_tasks"] or 0,
        "finished_tasks": worker["finished_tasks"] or 0,
    }
    return worker | dict.fromkeys(_PROFILE) if worker["ended_at"] else worker
