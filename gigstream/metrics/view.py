"""What Prometheus asks for."""

import secrets
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views import View
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from gigstream.lib.api.callers import CHALLENGE
from gigstream.metrics.figures import DatabaseCollector, MachineCollector
from gigstream.metrics.requests import counted, shared_by_processes


class MetricsView(View):
    """GET: all figures, for whoever has METRICS_TOKEN. Without a token they are open in development, and in
    production there are none."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest) -> HttpResponse:
        if settings.PRODUCTION and not settings.METRICS_TOKEN:
            raise Http404
        if settings.METRICS_TOKEN and not _is_ours(request.headers.get("Authorization", "")):
            return _says(HTTPStatus.UNAUTHORIZED, "a token is needed", {"WWW-Authenticate": CHALLENGE})
        if request.META.get("wsgi.multiprocess") and not shared_by_processes():
            said = "this server's processes count apart: start gunicorn with -c python:gigstream.gunicorn"
            return _says(HTTPStatus.SERVICE_UNAVAILABLE, said)
        database = CollectorRegistry()
        database.register(DatabaseCollector())
        database.register(MachineCollector())
        text = generate_latest(counted()) + generate_latest(database)
        return HttpResponse(
            text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"}
        )


def _is_ours(authorization: str) -> bool:
    return secrets.compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


def _says(status: int, words: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain", headers=headers)
