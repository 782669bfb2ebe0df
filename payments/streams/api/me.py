from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, NothingForm, Text, Whole
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments import services
from payments.models import Stream
from payments.streams.calculations import SECOND, elapsed_seconds, vested_amount
from payments.streams.enums import OPEN_STREAMS, StreamStatus
from workers.sign_in.views import MyView, PeriodQuery

STREAM_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "task_id",
    "task_title",
    "platform_id",
    "platform_name",
    "status",
    "total_amount",
    "released_amount",
    "remaining_amount",
    "start_at",
    "end_at",
    "duration_seconds",
    "release_interval",
    "next_release_at",
    "paused_at",
    "paused_for",
    "completed_at",
    "cancelled_at",
)


MyStreamRow = describe_rows(
    "MyStreamRow",
    Stream,
    [name for name in STREAM_COLUMNS if name != "paused_for"],
    task_title=Text(),
    platform_name=Text(),
    paused_seconds=Whole(),
    claimable_amount=Amount(allow_zero=True, help_text="the amount that a claim would pay now"),
)


class Claimed(serializers.Serializer):
    """Amount that a claim has paid, and the stream after it."""

    claimed = Amount()
    stream = MyStreamRow()


class MyStreamQuery(PeriodQuery):
    status = Choice(choices=StreamStatus.values, required=False)


class MyStreamView(MyView):
    """Streams that pay the worker."""

    def own(self, request: Request) -> QuerySet[Stream, dict[str, Any]]:
        # Through the tasks, which have an index by worker.
        rows = Stream.objects.filter(task__worker=self.worker(request))
        named = rows.annotate(task_title=F("task__title"), platform_name=F("platform__name"))
        return named.values(*STREAM_COLUMNS, "last_act_at")

    def own_one(self, request: Request, stream_id: UUID) -> dict[str, Any]:
        stream = self.own(request).filter(pk=stream_id).first()
        if stream is None:
            raise Http404
        return my_stream_as_json(stream, database_now())


def my_stream_as_json(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the row of a stream for its worker, with the amount that a claim would pay at `now`."""
    paused_for = row["paused_for"]
    elapsed = elapsed_seconds(
        start_at=row["start_at"],
        paused_for=paused_for,
        duration=row["duration_seconds"],
        at=row["paused_at"] or max(now, row["last_act_at"]),
    )
    earned = vested_amount(row["total_amount"], duration=row["duration_seconds"], elapsed=elapsed)
    claimable = max(earned - row["released_amount"], Decimal(0))
    shown = {name: value for name, value in row.items() if name not in ("paused_for", "last_act_at")}
    shown["paused_seconds"] = paused_for // SECOND
    shown["claimable_amount"] = claimable if row["status"] in OPEN_STREAMS else Decimal(0)
    return shown


class MyStreams(MyStreamView):
    """`me/streams`."""

    query = MyStreamQuery
    endpoints = {"GET": Endpoint("list_my_streams", MyStreamRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        rows = narrow_rows(self.own(request), self.read_query(request))
        now = database_now()
        return self.paged(request, rows, show=lambda row: my_stream_as_json(row, now))


class MyStream(MyStreamView):
    """`me/streams/{id}`."""

    endpoints = {"GET": Endpoint("get_my_stream", MyStreamRow)}

    def get(self, request: Request, stream_id: UUID) -> HttpResponse:
        return json_response(200, self.own_one(request, stream_id))


class Claim(MyStreamView):
    """`me/streams/{id}/claim`: the amount vested to the second becomes available now."""

    moves_money = True
    endpoints = {"POST": Endpoint("claim_from_my_stream", Claimed, takes=NothingForm)}

    def post(self, request: Request, stream_id: UUID) -> HttpResponse:
        self.read(request)
        self.own_one(request, stream_id)

        def act() -> tuple[int, Any]:
            claimed = services.claim_stream(stream_id=stream_id)
            return 200, {"claimed": claimed, "stream": self.own_one(request, stream_id)}

        return self.perform(request, act)
