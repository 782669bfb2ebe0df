"""The page that tells everybody whether the books hold."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.integrity import integrity

SECONDS = 60


@require_safe
def public_page(request: HttpRequest) -> HttpResponse:
    """Every invariant with its last result, time and duration, with counts and no ids, while
    `PUBLIC_INTEGRITY_PAGE` is on. Whatever stands between may keep it for a minute."""
    if not settings.PUBLIC_INTEGRITY_PAGE:
        raise Http404
    answer = TemplateResponse(request, "console/integrity.html", {"found": integrity()})
    answer["Cache-Control"] = f"public, max-age={SECONDS}"
    return answer
