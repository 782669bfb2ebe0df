"""What people in a browser read when a page cannot be had, in place of a framework's bare words."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

_SAID = {
    400: ("This request cannot be read", "Go back and try again from the page that you came from."),
    403: (
        "This is not for you to see or do",
        "Your role does not allow it; whoever gives roles can say why.",
    ),
    404: ("There is nothing here", "Either it never was, or it is gone."),
    500: (
        "Something went wrong on our side",
        "It is in our log. Before you ask again, see whether it was done.",
    ),
    503: ("The service cannot answer now", "Nothing was changed. Try again in a moment."),
}


def error_page(request: HttpRequest, status: int, reason: str = "") -> HttpResponse:
    """The page for that status, with the id under which the log tells more. It asks nothing of database or
    session, which may be what fails. `reason` is for people and shown."""
    title, advice = _SAID[status]
    request_id = getattr(request, "request_id", "")
    shown = {"title": title, "said": reason or advice, "request_id": request_id, "status": status}
    return HttpResponse(loader.render_to_string("error.html", shown), status=status)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form gets whose token is missing or old, Django's CSRF_FAILURE_VIEW; nothing was done."""
    return error_page(
        request,
        403,
        "The form was open for too long, or came from elsewhere. Nothing was done: open the page again.",
    )
