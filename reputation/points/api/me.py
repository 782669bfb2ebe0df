"""A worker's own points, and their places on leaderboards, over the API."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, Instant, StrictSerializer, Text, Whole, YesNo
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from platforms.models import Consent
from reputation.models import PointsBalance, PointsEntry
from reputation.points.calculations import Board, find_period
from reputation.points.enums import PointsKind
from reputation.points.selectors import Place
from reputation.points.services.leaderboards import rank_worker
from workers.models import Worker
from workers.sign_in.views import MyView, PeriodQuery

ENTRY_COLUMNS = (
    "id",
    "created_at",
    "platform_id",
    "kind",
    "amount",
    "balance_after",
    "reason",
    "quest_event_id",
    "reverses_id",
)
EntryRow = describe_rows("PointsEntryRow", PointsEntry, ENTRY_COLUMNS)
OWNER = "whose points they are; null for the house"


class EntryQuery(PeriodQuery):
    platform_id = Id(required=False, help_text="only points of this platform")
    kind = Choice(choices=PointsKind.values, required=False)


class PointsOfOwner(serializers.Serializer):
    """The points that a worker has with an owner."""

    platform_id = Id(allow_null=True, help_text=OWNER)
    platform = Text(allow_null=True, help_text="the owner's name")
    balance = Whole()


class PointsEntryPage(serializers.Serializer):
    """One page of entries, newest first."""

    items = EntryRow(many=True)
    next = Text(allow_null=True, help_text="the cursor of the next page")


class MyPointsAnswer(serializers.Serializer):
    """A worker's points with everything behind them."""

    balances = PointsOfOwner(many=True)
    entries = PointsEntryPage()


class MyPoints(MyView):
    """`me/points`."""

    query = EntryQuery
    endpoints = {"GET": Endpoint("get_my_points", MyPointsAnswer, pages=True)}

    def get(self, request: Request) -> HttpResponse:
        """Return the balances of each owner, and the entries page by page."""
        worker = self.worker(request)
        balances = PointsBalance.objects.filter(worker=worker).order_by("platform__name", "pk")
        entries = pagination.narrow_rows(PointsEntry.objects.filter(worker=worker), self.read_query(request))
        items, cursor = pagination.read_page(entries.values(*ENTRY_COLUMNS), request.query_params)
        return json_response(
            200,
            {
                "balances": [
                    {"platform_id": platform_id, "platform": name, "balance": balance}
                    for platform_id, name, balance in balances.values_list(
                        "platform_id", "platform__name", "balance"
                    )
                ],
                "entries": {"items": items, "next": cursor},
            },
        )


class BoardQuery(StrictSerializer):
    platform_id = Id(required=False, help_text="the owner of the leaderboard; by default the house")


class LeaderboardPlace(serializers.Serializer):
    """A place on a leaderboard. Who has it is not shown, but for the caller."""

    rank = Whole(help_text="from 1; among equal points the older account is before the younger")
    points = Whole()
    is_me = YesNo()


class Leaderboard(serializers.Serializer):
    """A leaderboard as its reader sees it."""

    period = Text(help_text="the week, as 2026-W49, the month, as 2026-11, or all")
    starts_at = Instant(allow_null=True)
    ends_at = Instant(allow_null=True)
    platform_id = Id(allow_null=True, help_text="the owner; null for the house")
    members = Whole(help_text="workers with points in this period")
    mine = LeaderboardPlace(allow_null=True, help_text="your own place; null without points")
    top = LeaderboardPlace(many=True)
    neighbours = LeaderboardPlace(many=True, help_text="the places around your own")


class MyLeaderboard(MyView):
    """`leaderboards/{period}`."""

    query = BoardQuery
    endpoints = {"GET": Endpoint("get_leaderboard", Leaderboard, may_be_missing=True)}

    def get(self, request: Request, period: str) -> HttpResponse:
        """Return a leaderboard: of an ISO week in UTC, of a month, of the present `week` or `month`, or of
        `all` time."""
        worker = self.worker(request)
        platform_id = self.read_query(request).get("platform_id")
        if platform_id is not None:
            _require_known_owner(worker, platform_id)
        found = find_period(period, now=database_now())
        if found is None:
            raise Http404
        board = Board(platform_id, found)
        ranking = rank_worker(board, worker_id=worker.pk)

        def place_as_json(place: Place) -> dict[str, Any]:
            return {"rank": place.rank, "points": place.points, "is_me": place.worker_id == worker.pk}

        return json_response(
            200,
            {
                "period": board.period.name,
                "starts_at": board.period.starts_at,
                "ends_at": board.period.ends_at,
                "platform_id": platform_id,
                "members": ranking.members,
                "mine": None if ranking.mine is None else place_as_json(ranking.mine),
                "top": [place_as_json(place) for place in ranking.top],
                "neighbours": [place_as_json(place) for place in ranking.neighbours],
            },
        )


def _require_known_owner(worker: Worker, platform_id: UUID) -> None:
    """Raise Http404 for a platform that the worker neither works for nor has points of."""
    works = Consent.objects.filter(worker=worker, platform=platform_id, ended_at=None).exists()
    if not works and not PointsBalance.objects.filter(worker=worker, platform=platform_id).exists():
        raise Http404
