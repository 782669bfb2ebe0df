"""The description of the API, served: as a document, and as two pages whose scripts come from a package."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; worker-src blob:"
)


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The description that is checked in; `make check` holds it to the doors."""
    return HttpResponse(
        Path(settings.BASE_DIR, "docs", "openapi.yaml").read_bytes(),
        content_type="application/vnd.oai.openapi; charset=utf-8",
    )


class Page(TemplateView):
    """A page whose browser asks no other host for anything."""

    def render_to_response(self, context: dict[str, object], **kwargs: object) -> HttpResponse:
        return super().render_to_response(context, headers={"Content-Security-Policy": _POLICY})
