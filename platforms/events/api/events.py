"""A platform's events over the API: a log that is read from any number on, and delivered again."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import (
    Choice,
    Id,
    Instant,
    JSONObject,
    NothingForm,
    StrictSerializer,
    Whole,
    WrittenWhole,
)
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from platforms import services
from platforms.events import registry
from platforms.models import PlatformEvent, WebhookDelivery
from platforms.platforms.views import PlatformView

LARGEST_SEQUENCE = 2**63 - 1
_ORDER = ("sequence",)
_FILTERS = {"after": "sequence__gt"}
DELIVERY_COLUMNS = (
    "status",
    "attempts",
    "next_attempt_at",
    "last_attempt_at",
    "status_code",
    "error",
    "milliseconds",
    "ended_at",
)
# The columns of an event, by their names in an answer, which are those of a delivery's body.
_SOURCES = {"id": "id", "sequence": "sequence", "type": "type", "timestamp": "created_at", "data": "payload"}
_OF_DELIVERY = {name: f"delivery__{name}" for name in DELIVERY_COLUMNS}

DeliveryRow = describe_rows("DeliveryRow", WebhookDelivery, DELIVERY_COLUMNS)


class EventRow(serializers.Serializer):
    """A fact of your business. All but `delivery` is the body that the webhook gets, under the same id."""

    id = Id(help_text="the `webhook-id` of every delivery")
    sequence = Whole(help_text="1, 2, … of your events, without a gap")
    type = Choice(choices=registry.type_names())
    timestamp = Instant(help_text="when it became true")
    data = JSONObject(help_text="its subject, as it was then")  # type: ignore[assignment]
    delivery = DeliveryRow(allow_null=True, help_text="null until it is taken up, and without a webhook")


class EventQuery(StrictSerializer):
    """Filters of events."""

    after = WrittenWhole(
        min_value=0, max_value=LARGEST_SEQUENCE, required=False, help_text="only those with larger numbers"
    )
    type = Choice(choices=registry.type_names(), required=False)


class RangeForm(StrictSerializer):
    """Numbers of events, both included."""

    from_sequence = Whole(min_value=1, max_value=LARGEST_SEQUENCE)
    to_sequence = Whole(min_value=1, max_value=LARGEST_SEQUENCE)


class Replayed(serializers.Serializer):
    """Number of events that are delivered once more."""

    count = Whole(help_text="how many events")


class EventView(PlatformView):
    """Base of the views of a platform's own events."""

    resource = "events"

    def own(self) -> QuerySet[PlatformEvent]:
        return PlatformEvent.objects.filter(platform=self.platform)

    def event_as_json(self, event_id: UUID) -> dict[str, Any]:
        """Return the platform's event. Raises PlatformEvent.DoesNotExist for any other."""
        return _as_row(_columns(self.own()).get(pk=event_id))


def _columns(rows: QuerySet[PlatformEvent]) -> QuerySet[PlatformEvent, dict[str, Any]]:
    return rows.values(*_SOURCES.values(), *_OF_DELIVERY.values())


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    delivery = {name: row[source] for name, source in _OF_DELIVERY.items()}
    event = {name: row[source] for name, source in _SOURCES.items()}
    return {**event, "delivery": delivery if delivery["status"] else None}


class Events(EventView):
    """`events`."""

    query = EventQuery
    endpoints = {"GET": Endpoint("list_events", EventRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the events in the order of their numbers. `after` the last number that you know stands all
        that you do not: the numbers have no gaps, and never appear out of order."""
        rows = narrow_rows(self.own(), self.read_query(request), columns=_FILTERS)
        return self.paged(request, _columns(rows), show=_as_row, order=_ORDER)


class OneEvent(EventView):
    """`events/{id}`."""

    endpoints = {"GET": Endpoint("get_event", EventRow)}

    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """Return an event, and the state of its delivery."""
        return json_response(200, self.event_as_json(event_id))


class Replay(EventView):
    """`events/{id}/replay`."""

    endpoints = {"POST": Endpoint("replay_event", EventRow, takes=NothingForm, status=202)}

    def post(self, request: Request, event_id: UUID) -> HttpResponse:
        """Deliver the event once more, under the same id."""
        self.read(request)
        self.own_one(pk=event_id)

        def act() -> tuple[int, Any]:
            services.replay_event(platform_id=self.platform.pk, event_id=event_id)
            return 202, self.event_as_json(event_id)

        return self.perform(request, act)


class ReplayRange(EventView):
    """`events/replay`."""

    endpoints = {"POST": Endpoint("replay_events", Replayed, takes=RangeForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Deliver the events with these numbers once more, at most 10,000, under their ids."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (202, {"count": services.replay_events(platform_id=self.platform.pk, **given)}),
        )
