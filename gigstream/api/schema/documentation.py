"""The description of the API, served: as a document, and as two pages whose scripts come from a package."""

import functools
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from gigstream.web import browsers

_POLICY = browsers.header_text(browsers.DOCUMENTATION)
_REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
_LOGO_ELSEWHERE = "https://cdn.redoc.ly/redoc/logo-mini.svg"


@require_safe
def serve_schema(request: HttpRequest) -> HttpResponse:
    """Serve docs/openapi.yaml, which `make check` compares with the endpoints."""
    return HttpResponse(
        Path(settings.BASE_DIR, "docs", "openapi.yaml").read_bytes(),
        content_type="application/vnd.oai.openapi; charset=utf-8",
    )


@require_safe
@cache_control(max_age=86_400)
def serve_redoc(request: HttpRequest) -> HttpResponse:
    """Serve Redoc's script, without the picture that it would load from another host."""
    return HttpResponse(_redoc_text(), content_type="text/javascript; charset=utf-8")


@functools.cache
def _redoc_text() -> str:
    text = Path(finders.find(_REDOC) or "").read_text(encoding="utf-8")
    return text.replace(_LOGO_ELSEWHERE, static("gigstream/icon.svg"))


class DocumentationPage(TemplateView):
    """A page that loads nothing from other hosts."""

    def render_to_response(self, context: dict[str, object], **kwargs: object) -> HttpResponse:
        return super().render_to_response(context, headers={browsers.HEADER: _POLICY})
