"""Public page with the results of the books' invariants."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.books.selectors import read_integrity

SECONDS = 60


@require_safe
def public_page(request: HttpRequest) -> HttpResponse:
    """Show each invariant with its last result, time and duration, in counts without ids.

    Answers 404 unless `PUBLIC_INTEGRITY_PAGE` is set. Caches may keep it for a minute.
    """
    if not settings.PUBLIC_INTEGRITY_PAGE:
        raise Http404
    answer = TemplateResponse(request, "console/integrity.html", {"found": read_integrity()})
    answer["Cache-Control"] = f"public, max-age={SECONDS}"
    return answer
