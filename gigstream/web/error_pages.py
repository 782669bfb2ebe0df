"""Error pages for people in a browser, in place of the framework's."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

_TEXTS = {
    400: ("This request cannot be read", "Go back and try again from the page that you came from."),
    403: (
        "This is not for you to see or do",
        "Your role does not allow it; the members of staff who give roles can say why.",
    ),
    404: ("There is nothing here", "Either it never was, or it is gone."),
    500: (
        "Something went wrong on our side",
        "It is in our log. Before you try again, see whether it was done.",
    ),
    503: ("The service cannot answer now", "Nothing was changed. Try again in a moment."),
}


def error_page(
    request: HttpRequest,
    status: int,
    reason: str = "",
    *,
    title: str = "",
    link: tuple[str, str] | None = None,
) -> HttpResponse:
    """Return the page for that status, with the request's id in the log. It reads neither database nor
    session, which may be at fault. `reason` is shown to people, under another `title` if there is one, and
    with a `link`, as address and words."""
    usual, advice = _TEXTS[status]
    context = {
        "title": title or usual,
        "text": reason or advice,
        "link": link,
        "request_id": getattr(request, "request_id", ""),
        "status": status,
    }
    return HttpResponse(loader.render_to_string("error.html", context), status=status)


def refuse_forgery(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form whose token is missing or old."""
    return error_page(
        request,
        403,
        "The form was open for too long, or came from elsewhere. Nothing was done: open the page again.",
        title="This form was refused",
    )
