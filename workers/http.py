"""The frame of every address under `me`: one worker, who sees what is theirs and nothing else."""

from typing import Any

from rest_framework.request import Request

from audit.http import ApiView
from gigstream.lib.api.callers import WORKER
from gigstream.lib.api.fields import Instant, StrictSerializer
from workers.models import Worker


class MyView(ApiView):
    """For workers alone."""

    callers = (WORKER,)
    resource = "me"

    def worker(self, request: Request) -> Worker:
        """Who calls: every look-up starts from them."""
        caller: Any = request.auth
        worker: Worker = caller.row
        return worker


class NothingQuery(StrictSerializer):
    """A list that is not narrowed."""


class PeriodQuery(StrictSerializer):
    """How a list is narrowed by time."""

    created_from = Instant(required=False)
    created_to = Instant(required=False)
