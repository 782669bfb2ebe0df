"""A worker's own reputation over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api import listing
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Choice, StrictSerializer, Text, Whole
from reputation.calculations import MOVES, next_tier, tier_of
from reputation.enums import ReputationEventType
from reputation.models import ReputationEvent
from reputation.reports import ReputationHistory
from workers.http import MyView, PeriodQuery

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
HistoryRow = described("ReputationHistoryRow", ReputationHistory, HISTORY_COLUMNS)
EventRow = described("ReputationEventRow", ReputationEvent, EVENT_COLUMNS)


class EventPage(serializers.Serializer):
    """One page of events, newest first."""

    items = EventRow(many=True)
    next = Text(allow_null=True, help_text="the cursor of the next page")


class Ahead(serializers.Serializer):
    """The tier above the present one."""

    tier = Text()
    # `from` is a word of Python's own.
    vars()["from"] = Whole(help_text="the score at which it begins")
    missing = Whole()


class Move(serializers.Serializer):
    """What would change the score, and by how much."""

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
    doors = {"GET": Door("get_my_reputation", Reputation, pages=True)}

    def get(self, request: Request) -> HttpResponse:
        """The score, every event behind it page by page, and what would move it."""
        worker = self.worker(request)
        events = listing.narrow(ReputationEvent.objects.filter(worker=worker), self.read_query(request))
        items, cursor = listing.page(events.values(*EVENT_COLUMNS), request.query_params)
        return json(
            200,
            {
                "score": worker.reputation_score,
                "tier": tier_of(worker.reputation_score),
                "next_tier": _ahead(worker.reputation_score),
                "moves": [{"what": what, "delta": delta} for what, delta in MOVES],
                "events": {"items": items, "next": cursor},
            },
        )


def _ahead(score: int) -> dict[str, Any] | None:
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
    doors = {"GET": Door("list_my_reputation_history", HistoryRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """The score and its tier after each event, newest first."""
        mine = ReputationHistory.objects.filter(worker_id=self.worker(request).pk)
        rows = listing.narrow(mine, self.read_query(request))
        return self.paged(request, rows.values(*HISTORY_COLUMNS), order=("-number",))
