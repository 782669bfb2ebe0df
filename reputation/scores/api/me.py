"""A worker's own reputation over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, StrictSerializer, Text, Whole
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from reputation.models import ReputationEvent
from reputation.scores.calculations import MOVES, next_tier, tier_of
from reputation.scores.enums import ReputationEventType
from reputation.scores.reports import ReputationHistory
from workers.sign_in.views import MyView, PeriodQuery

EVENT_COLUMNS = (
    "id",
    "created_at",
    "number",
    "event_type",
    "task_id",
    "delta",
    "previous_score",
    "new_score",
    "reason",
)


class EventQuery(PeriodQuery):
    event_type = Choice(choices=ReputationEventType.values, required=False)


HISTORY_COLUMNS = (
    "event_id",
    "number",
    "happened_at",
    "event_type",
    "task_id",
    "delta",
    "change",
    "previous_score",
    "new_score",
    "tier",
    "reason",
)
HistoryRow = describe_rows("ReputationHistoryRow", ReputationHistory, HISTORY_COLUMNS)
EventRow = describe_rows("ReputationEventRow", ReputationEvent, EVENT_COLUMNS)


class EventPage(serializers.Serializer):
    """One page of events, newest first."""

    items = EventRow(many=True)
    next = Text(allow_null=True, help_text="the cursor of the next page")


class Ahead(serializers.Serializer):
    """The tier above the present tier."""

    tier = Text()
    # `from` is a keyword of Python.
    vars()["from"] = Whole(help_text="the score at which it begins")
    missing = Whole()


class Move(serializers.Serializer):
    """A fact that would change the score, and by how much."""

    what = Text()
    delta = Whole()


class Reputation(serializers.Serializer):
    """A worker's reputation with everything behind it."""

    score = Whole()
    tier = Text()
    next_tier = Ahead(allow_null=True)
    moves = Move(many=True)
    events = EventPage()


class MyReputation(MyView):
    """`me/reputation`."""

    query = EventQuery
    endpoints = {"GET": Endpoint("get_my_reputation", Reputation, pages=True)}

    def get(self, request: Request) -> HttpResponse:
        """Return the score, its events page by page, and the facts that would move it."""
        worker = self.worker(request)
        events = pagination.narrow_rows(
            ReputationEvent.objects.filter(worker=worker), self.read_query(request)
        )
        items, cursor = pagination.read_page(events.values(*EVENT_COLUMNS), request.query_params)
        return json_response(
            200,
            {
                "score": worker.reputation_score,
                "tier": tier_of(worker.reputation_score),
                "next_tier": _next_tier_as_json(worker.reputation_score),
                "moves": [{"what": what, "delta": delta} for what, delta in MOVES],
                "events": {"items": items, "next": cursor},
            },
        )


def _next_tier_as_json(score: int) -> dict[str, Any] | None:
    found = next_tier(score)
    if found is None:
        return None
    floor, tier = found
    return {"tier": tier, "from": floor, "missing": floor - score}


class HistoryQuery(StrictSerializer):
    event_type = Choice(choices=ReputationEventType.values, required=False)


class MyReputationHistory(MyView):
    """`me/reputation/history`, as reputation_history_view says it."""

    query = HistoryQuery
    endpoints = {"GET": Endpoint("list_my_reputation_history", HistoryRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the score and its tier after each event, newest first."""
        mine = ReputationHistory.objects.filter(worker_id=self.worker(request).pk)
        rows = pagination.narrow_rows(mine, self.read_query(request))
        return self.paged(request, rows.values(*HISTORY_COLUMNS), order=("-number",))
