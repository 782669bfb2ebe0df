"""A platform's streams over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import NothingForm
from gigstream.lib.api.listing import narrow
from gigstream.lib.clock import database_now
from payments import services
from payments.api.serializers import (
    STREAM_COLUMNS,
    CancelStreamForm,
    StreamQuery,
    StreamRow,
    TopUpForm,
    WholeStream,
)
from payments.models import Stream
from payments.services.streams import vested_at
from platforms.http import PlatformView

# Tasks are indexed by platform and worker, in the order in which they were posted; streams hang on them.
_ORDER = ("-task__created_at", "-task_id")
_THROUGH_TASK = {"worker_id": "task__worker_id"}


def shown(stream: Stream) -> dict[str, Any]:
    """The stream as its platform sees it now."""
    columns = {name: getattr(stream, name) for name in STREAM_COLUMNS}
    return {**columns, "vested_amount": vested_at(stream, database_now())}


class StreamView(PlatformView):
    """Whatever a platform does with its own streams."""

    resource = "streams"

    def own(self) -> QuerySet[Stream]:
        return Stream.objects.filter(task__platform=self.platform)


class Streams(StreamView):
    """`streams`."""

    query = StreamQuery
    doors = {"GET": Door("list_streams", StreamRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """The platform's streams, in the order in which their tasks were posted, newest first."""
        found = narrow(self.own(), self.read_query(request), columns=_THROUGH_TASK)
        rows = found.values(*STREAM_COLUMNS, "task__created_at")
        return self.paged(request, rows, show=_without_order, order=_ORDER)


def _without_order(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in STREAM_COLUMNS}


class OneStream(StreamView):
    """`streams/{id}`."""

    doors = {"GET": Door("get_stream", WholeStream)}

    def get(self, request: Request, stream_id: UUID) -> HttpResponse:
        """One stream, with what has vested to the second."""
        return json(200, shown(self.own_one(pk=stream_id)))


class StreamAct(StreamView):
    """`streams/{id}/…`: one act on one stream, answered with the stream as it is then."""

    moves_money = True

    def post(self, request: Request, stream_id: UUID) -> HttpResponse:
        given = self.read(request)
        stream = self.own_one(pk=stream_id)

        def act() -> tuple[int, Any]:
            self.act(stream.pk, **given)
            return 200, shown(Stream.objects.get(pk=stream.pk))

        return self.perform(request, act)

    def act(self, stream_id: UUID, **given: Any) -> Any:
        """What the service does."""
        raise NotImplementedError


class Pause(StreamAct):
    """Vesting stops. What has vested so far can still be paid."""

    doors = {"POST": Door("pause_stream", WholeStream, takes=NothingForm)}

    def act(self, stream_id: UUID, **given: Any) -> Any:
        services.pause_stream(stream_id=stream_id)


class Resume(StreamAct):
    """Vesting goes on where it stood; the end moves by the pause."""

    doors = {"POST": Door("resume_stream", WholeStream, takes=NothingForm)}

    def act(self, stream_id: UUID, **given: Any) -> Any:
        services.resume_stream(stream_id=stream_id)


class Cancel(StreamAct):
    """The stream and its task are off. The vested part is paid, the rest goes back."""

    doors = {"POST": Door("cancel_stream", WholeStream, takes=CancelStreamForm)}

    def act(self, stream_id: UUID, **given: Any) -> Any:
        services.cancel_stream(stream_id=stream_id, **given)


class TopUp(StreamAct):
    """More money streams at the same rate, so the end moves out."""

    doors = {"POST": Door("top_up_stream", WholeStream, takes=TopUpForm)}

    def act(self, stream_id: UUID, **given: Any) -> Any:
        services.top_up(stream_id=stream_id, **given)
