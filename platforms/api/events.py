"""A platform's events over the API: a log that is read from any number on, and delivered again."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import (
    Choice,
    Id,
    Instant,
    JSONObject,
    NothingForm,
    StrictSerializer,
    Whole,
    WrittenWhole,
)
from gigstream.lib.api.listing import narrow
from platforms import services
from platforms.enums import EventType
from platforms.http import PlatformView
from platforms.models import Event, WebhookDelivery

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

DeliveryRow = described("DeliveryRow", WebhookDelivery, DELIVERY_COLUMNS)


class EventRow(serializers.Serializer):
    """One fact of your business. All but `delivery` is what the webhook is told, under the same id."""

    id = Id(help_text="the `webhook-id` of every delivery")
    sequence = Whole(help_text="1, 2, … of your events, without a gap")
    type = Choice(choices=EventType.values)
    timestamp = Instant(help_text="when it became true")
    data = JSONObject(help_text="what it is about, as it was then")  # type: ignore[assignment]
    delivery = DeliveryRow(allow_null=True, help_text="null until it is taken up, and without a webhook")


class EventQuery(StrictSerializer):
    """How events are narrowed."""

    after = WrittenWhole(
        min_value=0, max_value=LARGEST_SEQUENCE, required=False, help_text="only those with larger numbers"
    )
    type = Choice(choices=EventType.values, required=False)


class RangeForm(StrictSerializer):
    """Numbers of events, both included."""

    from_sequence = Whole(min_value=1, max_value=LARGEST_SEQUENCE)
    to_sequence = Whole(min_value=1, max_value=LARGEST_SEQUENCE)


class Replayed(serializers.Serializer):
    """What is delivered once more."""

    count = Whole(help_text="how many events")


class EventView(PlatformView):
    """Whatever a platform does with its own events."""

    resource = "events"

    def own(self) -> QuerySet[Event]:
        return Event.objects.filter(platform=self.platform)

    def shown(self, event_id: UUID) -> dict[str, Any]:
        """The platform's event. Raises Event.DoesNotExist for any other."""
        return _as_row(_columns(self.own()).get(pk=event_id))


def _columns(rows: QuerySet[Event]) -> QuerySet[Event, dict[str, Any]]:
    return rows.values(*_SOURCES.values(), *_OF_DELIVERY.values())


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    delivery = {name: row[source] for name, source in _OF_DELIVERY.items()}
    shown = {name: row[source] for name, source in _SOURCES.items()}
    return {**shown, "delivery": delivery if delivery["status"] else None}


class Events(EventView):
    """`events`."""

    query = EventQuery
    doors = {"GET": Door("list_events", EventRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """What has happened, in the order of its numbers. `after` the last one that you know, there is
        everything that you do not: the numbers have no gaps, and never appear out of order."""
        rows = narrow(self.own(), self.read_query(request), columns=_FILTERS)
        return self.paged(request, _columns(rows), show=_as_row, order=_ORDER)


class OneEvent(EventView):
    """`events/{id}`."""

    doors = {"GET": Door("get_event", EventRow)}

    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """One event, and how its delivery stands."""
        return json(200, self.shown(event_id))


class Replay(EventView):
    """`events/{id}/replay`."""

    doors = {"POST": Door("replay_event", EventRow, takes=NothingForm, status=202)}

    def post(self, request: Request, event_id: UUID) -> HttpResponse:
        """The event is delivered once more, under the same id."""
        self.read(request)
        self.own_one(pk=event_id)

        def act() -> tuple[int, Any]:
            services.replay_event(platform_id=self.platform.pk, event_id=event_id)
            return 202, self.shown(event_id)

        return self.perform(request, act)


class ReplayRange(EventView):
    """`events/replay`."""

    doors = {"POST": Door("replay_events", Replayed, takes=RangeForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """The events with these numbers, at most 10,000, are delivered once more, under their ids."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (202, {"count": services.replay_events(platform_id=self.platform.pk, **given)}),
        )
