from django.conf import settings
from rest_framework.request import Request

from gigstream.lib.api.callers import WORKER, BearerAuthentication, Caller
from gigstream.lib.api.limits import Bucket
from workers import selectors


class WorkerToken(BearerAuthentication):
    """An access token, as signing in gives out."""

    def find(self, text: str, request: Request) -> Caller | None:
        worker = selectors.signed_in_worker(text)
        if worker is None:
            return None
        own = Bucket("worker", f"worker:{worker.pk}", settings.API_WORKER_REQUESTS_PER_MINUTE)
        return Caller(WORKER, worker, buckets=(own,))
