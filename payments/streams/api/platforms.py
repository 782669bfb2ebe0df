"""A platform's streams over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from gigstream.core.clock import database_now
from payments import services
from payments.models import Stream
from payments.streams.api.schemas import (
    STREAM_COLUMNS,
    CancelStreamForm,
    StreamQuery,
    StreamRow,
    TopUpForm,
    WholeStream,
)
from payments.streams.services.streams import vested_at
from platforms.platforms.views import PlatformView

# Tasks are indexed by platform and worker, in the order in which they were posted; streams hang on them.
_ORDER = ("-task__created_at", "-task_id")
_THROUGH_TASK = {"worker_id": "task__worker_id"}


def stream_as_json(stream: Stream) -> dict[str, Any]:
    """Return the stream for its platform, with the amount vested at this moment."""
    columns = {name: getattr(stream, name) for name in STREAM_COLUMNS}
    return {**columns, "vested_amount": vested_at(stream, database_now())}


class StreamView(PlatformView):
    """Base view for endpoints on a platform's own streams."""

    resource = "streams"

    def own(self) -> QuerySet[Stream]:
        return Stream.objects.filter(task__platform=self.platform)


class Streams(StreamView):
    """`streams`."""

    query = StreamQuery
    endpoints = {"GET": Endpoint("list_streams", StreamRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the platform's streams, in the order in which their tasks were posted, newest first."""
        found = narrow_rows(self.own(), self.read_query(request), columns=_THROUGH_TASK)
        rows = found.values(*STREAM_COLUMNS, "task__created_at")
        return self.paged(request, rows, show=_without_order, order=_ORDER)


def _without_order(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in STREAM_COLUMNS}


class OneStream(StreamView):
    """`streams/{id}`."""

    endpoints = {"GET": Endpoint("get_stream", WholeStream)}

    def get(self, request: Request, stream_id: UUID) -> HttpResponse:
        """Return a stream, with the amount vested to the second."""
        return json_response(200, stream_as_json(self.own_one(pk=stream_id)))


class StreamCommand(StreamView, RowCommand):
    """Base view of `streams/{id}/…`: a command on a stream, answered with the stream as it is then."""

    row_id = "stream_id"
    as_json = staticmethod(stream_as_json)


class Pause(StreamCommand):
    """Pause the stream. Vesting stops; the amount vested so far is paid first."""

    endpoints = {"POST": Endpoint("pause_stream", WholeStream, takes=NothingForm)}
    service = staticmethod(services.pause_stream)


class Resume(StreamCommand):
    """Resume the stream. Vesting continues where it stopped; the end moves by the pause."""

    endpoints = {"POST": Endpoint("resume_stream", WholeStream, takes=NothingForm)}
    service = staticmethod(services.resume_stream)


class Cancel(StreamCommand):
    """Cancel the stream and its task. The vested part is paid, the rest goes back."""

    endpoints = {"POST": Endpoint("cancel_stream", WholeStream, takes=CancelStreamForm)}
    service = staticmethod(services.cancel_stream)


class TopUp(StreamCommand):
    """Add money to the stream, at the same rate, so that it ends later."""

    endpoints = {"POST": Endpoint("top_up_stream", WholeStream, takes=TopUpForm)}
    service = staticmethod(services.top_up_stream)
