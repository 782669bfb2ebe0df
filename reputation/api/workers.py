"""The workers whom a platform has worked with: their standing, nothing of their money or their address."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import Rate
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Choice, Id, Instant, StrictSerializer, Text, Whole
from platforms.http import PlatformView
from platforms.models import Engagement
from reputation.calculations import tier_of
from reputation.enums import Tier

# The columns of an engagement, by their names in an answer; the last one is there for the order only.
_SOURCES = {
    "worker_id": "id",
    "worker__full_name": "full_name",
    "worker__reputation_score": "reputation_score",
    "worker__average_rating": "average_rating",
    "worker__completion_rate": "completion_rate",
    "open_tasks": "open_tasks",
    "finished_tasks": "finished_tasks",
    "first_at": "first_at",
    "last_at": "last_at",
    "worker__created_at": None,
}
_ORDER = ("-worker__created_at", "-worker_id")


class WorkerRow(serializers.Serializer):
    """A worker, as a platform that has worked with them sees them."""

    id = Id()
    full_name = Text()
    reputation_score = Whole(help_text="0 to 1000")
    tier = Choice(choices=Tier.values)
    average_rating = Rate(allow_null=True, help_text="1 to 5; null without ratings")
    completion_rate = Rate(help_text="percent: completed of completed, cancelled and disputed")
    open_tasks = Whole(help_text="of yours, now")
    finished_tasks = Whole(help_text="of yours")
    first_at = Instant(help_text="when you first worked together")
    last_at = Instant(help_text="when you last did")


class WorkerQuery(StrictSerializer):
    """How a list of workers is narrowed."""

    busy = serializers.ChoiceField(choices=["true", "false"], required=False, help_text="with open tasks now")


class WorkerView(PlatformView):
    """Workers by engagement: those who never worked for the platform are not there."""

    resource = "workers"

    def own(self) -> QuerySet[Any]:
        return Engagement.objects.filter(platform=self.platform)


class Workers(WorkerView):
    """`workers`."""

    query = WorkerQuery
    doors = {"GET": Door("list_workers", WorkerRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """The workers you have worked with, those who joined last first."""
        rows = self.own()
        if busy := self.read_query(request).get("busy"):
            rows = rows.filter(open_tasks__gt=0) if busy == "true" else rows.filter(open_tasks=0)
        return self.paged(request, _shown(rows), show=_as_row, order=_ORDER)


class OneWorker(WorkerView):
    """`workers/{id}`."""

    doors = {"GET": Door("get_worker", WorkerRow)}

    def get(self, request: Request, worker_id: UUID) -> HttpResponse:
        """One worker you have worked with."""
        row = _shown(self.own().filter(worker=worker_id)).first()
        if row is None:
            raise Http404
        return json(200, _as_row(row))


def _shown(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows as dicts; a worker who has left is not shown any more."""
    return rows.filter(worker__deleted_at=None).values(*_SOURCES)


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: row[source] for source, name in _SOURCES.items() if name}
    rating = shown["average_rating"]
    return {
        **shown,
        "average_rating": None if rating is None else str(rating),
        "completion_rate": str(shown["completion_rate"]),
        "tier": tier_of(shown["reputation_score"]),
    }
