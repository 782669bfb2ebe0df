"""The description of the API, served: as a document, and as two pages whose scripts come from a package."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; worker-src blob:"
)


@cache
def _document() -> dict[str, Any]:
    """The whole description: it does not change while a process lives."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


class SchemaView(SpectacularAPIView):
    """GET: the description of the API, in YAML or JSON."""

    authentication_classes = ()

    def _get_schema_response(self, request: Request) -> Response:
        return Response(_document(), headers={"Content-Disposition": 'inline; filename="openapi.yaml"'})


class Page(APIView):
    """A page whose browser asks no other host for anything."""

    authentication_classes = ()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Content-Security-Policy"] = _POLICY
        return answer


class SwaggerView(Page, SpectacularSwaggerView):
    """GET: the API, to be tried out in a browser."""


class RedocView(Page, SpectacularRedocView):
    """GET: the API, to be read in a browser."""

    # The package's own template loads fonts from another host.
    template_name = "api/redoc.html"
