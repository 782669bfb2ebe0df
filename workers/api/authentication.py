from rest_framework.request import Request

from gigstream.lib.api.callers import WORKER, BearerAuthentication, Caller
from workers import selectors


class WorkerToken(BearerAuthentication):
    """An access token, as signing in gives out."""

    def find(self, text: str, request: Request) -> Caller | None:
        worker = selectors.signed_in_worker(text)
        return None if worker is None else Caller(WORKER, worker)
