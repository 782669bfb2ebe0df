"""The Content-Security-Policy of pages: which scripts, styles and hosts a page may use."""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gigstream.web.error_pages import error_page

HEADER = "Content-Security-Policy"
Policy = Mapping[str, str]

# Only files of this server, and no script or style inside a page. Alpine.js, which moves the staff's menus
# and filters, compiles the expressions in their attributes: 'unsafe-eval'.
STAFF: Policy = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": f"'self' data: {settings.MEDIA_ORIGIN}".strip(),
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
# The API's own pages: Swagger UI and Redoc style their elements as they go, and Redoc searches in a worker.
DOCUMENTATION: Policy = {
    **STAFF,
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "worker-src": "blob:",
}


def header_text(policy: Policy) -> str:
    """Return the policy as the value of its header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


_STAFF = header_text(STAFF)


class PolicyMiddleware:
    """Middleware that gives every page the policy of the staff's pages, unless its view has set another or
    the page is Django's own error page for developers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        technical = settings.DEBUG and response.status_code in (404, 500)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and HEADER not in response and not technical:
            response[HEADER] = _STAFF
        return response


class NullCharacterMiddleware:
    """Refusal of pages whose address has a null character, which PostgreSQL keeps in no text. The API judges
    its own parameters, each by name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        written = f"{request.path}?{request.META.get('QUERY_STRING', '')}"
        if not request.path.startswith("/api/") and ("\x00" in written or "%00" in written):
            return error_page(request, 400)
        return self.get_response(request)
