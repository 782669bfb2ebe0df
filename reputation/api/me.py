"""A worker's own reputation over the API."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api import listing
from gigstream.lib.api.fields import Choice
from reputation.calculations import MOVES, next_tier, tier_of
from reputation.enums import ReputationEventType
from reputation.models import ReputationEvent
from workers.http import MyView, PeriodQuery, conditions

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


class MyReputation(MyView):
    """`me/reputation`: the score, every event behind it page by page, and what would move it."""

    query = EventQuery

    def get(self, request: Request) -> HttpResponse:
        worker = self.worker(request)
        narrowed = conditions(self.read_query(request))
        events = ReputationEvent.objects.filter(worker=worker, **narrowed).values(*EVENT_COLUMNS)
        items, cursor = listing.page(events, request.query_params)
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
