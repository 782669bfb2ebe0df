"""Downloads of staff: asked for by POST, which puts the file on record, and read from an address for GET."""

from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponseRedirect, QueryDict

TICKET = "ticket"
TICKET_SECONDS = 300
_signer = TimestampSigner(salt="download")


def redirect_to_file(request: HttpRequest, **query: str) -> HttpResponseRedirect:
    """Return the redirect to the address from which the user of this request reads the file, for
    `TICKET_SECONDS`: this address and its query, with `query` added."""
    asked = request.GET.copy()
    for name, text in query.items():
        asked[name] = text
    subject = _describe_file(request, asked)
    asked[TICKET] = _signer.sign(subject).removeprefix(f"{subject}:")
    return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")


def take_ticket(request: HttpRequest) -> bool:
    """Take the ticket out of the request's query; return whether its user has asked for this file."""
    asked = request.GET.copy()
    ticket = asked.pop(TICKET, [""])[-1]
    given: Any = request
    given.GET = asked
    try:
        _signer.unsign(f"{_describe_file(request, asked)}:{ticket}", max_age=TICKET_SECONDS)
    except BadSignature:
        return False
    return True


def _describe_file(request: HttpRequest, asked: QueryDict) -> str:
    return f"{request.user.pk} {request.path}?{asked.urlencode()}"
