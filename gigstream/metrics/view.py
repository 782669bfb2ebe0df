"""Endpoint for Prometheus."""

import secrets
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from gigstream.api.callers import CHALLENGE
from gigstream.metrics.figures import DatabaseCollector, MachineCollector
from gigstream.metrics.requests import shared_by_processes, shared_registry


class MetricsView(View):
    """Endpoint of all figures, with METRICS_TOKEN as bearer token. Without a configured token it is open in
    development and answers 404 in production."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest) -> HttpResponse:
        if settings.PRODUCTION and not settings.METRICS_TOKEN:
            raise Http404
        if settings.METRICS_TOKEN and not _is_token_valid(request.headers.get("Authorization", "")):
            return _text_response(
                HTTPStatus.UNAUTHORIZED, "a token is required", {"WWW-Authenticate": CHALLENGE}
            )
        if request.META.get("wsgi.multiprocess") and not shared_by_processes():
            reason = "the processes do not share counts: start gunicorn with -c python:gigstream.gunicorn"
            return _text_response(HTTPStatus.SERVICE_UNAVAILABLE, reason)
        database = CollectorRegistry()
        database.register(DatabaseCollector())
        database.register(MachineCollector())
        text = generate_latest(shared_registry()) + generate_latest(database)
        return HttpResponse(
            text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"}
        )


def _is_token_valid(authorization: str) -> bool:
    return secrets.compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


def _text_response(status: int, words: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain", headers=headers)
