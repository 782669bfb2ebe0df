"""Base view of every address under `me`: a worker sees their own rows and nothing else."""

from typing import Any

from rest_framework.request import Request

from gigstream.api.callers import WORKER
from gigstream.api.fields import Instant, StrictSerializer
from gigstream.api.views import ApiView
from workers.models import Worker


class MyView(ApiView):
    """Base view for endpoints that only workers call."""

    callers = (WORKER,)
    resource = "me"

    def worker(self, request: Request) -> Worker:
        """Return the calling worker, from whom every look-up starts."""
        caller: Any = request.auth
        worker: Worker = caller.row
        return worker


class NothingQuery(StrictSerializer):
    """A list without filters."""


class PeriodQuery(StrictSerializer):
    """Filters of a list by time."""

    created_from = Instant(required=False)
    created_to = Instant(required=False)
