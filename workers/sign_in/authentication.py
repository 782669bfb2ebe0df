from django.conf import settings
from rest_framework.request import Request

from gigstream.api.callers import WORKER, BearerAuthentication, Caller
from gigstream.api.rate_limit import Bucket
from workers.sign_in import selectors


class WorkerToken(BearerAuthentication):
    """An access token, as sign-in gives out."""

    def find(self, text: str, request: Request) -> Caller | None:
        worker = selectors.signed_in_worker(text)
        if worker is None:
            return None
        own = Bucket("worker", f"worker:{worker.pk}", settings.API_WORKER_REQUESTS_PER_MINUTE)
        return Caller(WORKER, worker, buckets=(own,))
