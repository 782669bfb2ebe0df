"""Errors as RFC 9457 problem details: one shape for every refusal, whoever raised it."""

import logging
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from gigstream.lib.api.callers import CHALLENGE
from gigstream.lib.api.fields import MOST_ERRORS
from gigstream.lib.api.rendering import dump
from gigstream.lib.db import sqlstate
from gigstream.lib.error_pages import error_page
from gigstream.lib.errors import Refusal

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
# numeric_value_out_of_range
TOO_LARGE = "22003"
# What DRF raises, by the name it has here.
_CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ParseError: "malformed_json",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.PermissionDenied: "not_permitted",
    exceptions.NotFound: "not_found",
    exceptions.Throttled: "rate_limited",
    exceptions.ValidationError: "invalid_input",
}


class Problem(HttpResponse):
    """An answer that refuses, with the code that says why."""

    def __init__(
        self, body: dict[str, Any], *, status: int, code: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(dump(body), status=status, content_type=MEDIA_TYPE, headers=headers or {})
        self.code = code


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    numbers: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    preview: Mapping[str, Any] | None = None,
) -> Problem:
    """The answer that says which law was broken, with the numbers that decided, a pointer per field, and of a
    dry run the steps before it."""
    body = {**_body(request, status, code, detail, errors, numbers), **(preview or {})}
    return Problem(body, status=status, code=code, headers=headers)


def of_item(request: HttpRequest, error: Refusal | exceptions.ValidationError) -> dict[str, Any]:
    """Why one item of many was refused, in the same shape."""
    if isinstance(error, Refusal):
        return _body(request, error.status, error.code, error.message, None, error.numbers)
    errors = _first_errors(error)
    return _body(request, 400, "invalid_input", _summary(errors), errors, None)


def _first_errors(error: exceptions.ValidationError) -> list[dict[str, str]]:
    """Return the first errors with their pointers: a body that is wrong everywhere gets no longer answer."""
    return list(islice(_by_pointer(error.get_full_details(), ""), MOST_ERRORS))


def _summary(errors: list[dict[str, str]]) -> str:
    return "; ".join(f"{one['pointer'] or 'the body'}: {one['detail']}" for one in errors[:3])


def _body(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None,
    numbers: dict[str, str] | None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:gigstream:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": getattr(request, "request_id", ""),
        "errors": errors or [],
    }
    if numbers:
        body["numbers"] = numbers
    return body


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler: every refusal becomes a problem; None for what is a fault of ours."""
    request = context["request"]._request
    if isinstance(error, Refusal):
        return problem(
            request,
            error.status,
            error.code,
            error.message,
            numbers=error.numbers,
            headers=_headers_of(error),
            preview=error.preview,
        )
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("the database could not answer: %s", type(error).__name__)
        return unavailable(request)
    if isinstance(error, DataError) and sqlstate(error) == TOO_LARGE:
        said = "an amount, or a balance with it, would have more than 14 digits before the point"
        return problem(request, 422, "amount_too_large", said)
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return not_found(request, error)
    if isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return problem(request, 413, "body_too_large", "the body is larger than this API reads")
    if isinstance(error, exceptions.APIException):
        return _of_framework(request, error)
    return None


def _of_framework(request: HttpRequest, error: exceptions.APIException) -> HttpResponse:
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "refused")
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, exceptions.ValidationError):
        errors = _first_errors(error)
        return problem(request, 400, code, _summary(errors), errors=errors)
    return problem(request, error.status_code, code, str(error.detail), headers=headers)


def _headers_of(refusal: Refusal) -> dict[str, str]:
    """The headers that HTTP wants beside some of its statuses."""
    if refusal.status == 401:
        return {"WWW-Authenticate": CHALLENGE}
    after = refusal.numbers.get("retry_after_seconds")
    return {} if after is None else {"Retry-After": after}


def _by_pointer(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    """Each message of a nested validation error, with the JSON pointer (RFC 6901) of its field."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            here = pointer if name == "non_field_errors" else f"{pointer}/{_escaped(str(name))}"
            yield from _by_pointer(inner, here)
    else:
        for number, inner in enumerate(details):
            nested = isinstance(inner, dict) and set(inner) != {"message", "code"}
            yield from _by_pointer(inner, f"{pointer}/{number}" if nested else pointer)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _is_api(request: HttpRequest) -> bool:
    """Whether the caller is a program; people in the admin get pages."""
    return request.path == "/api" or request.path.startswith("/api/")


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away or too busy: nothing has moved, and the same request may come again."""
    if not _is_api(request):
        return error_page(request, 503)
    return problem(
        request,
        503,
        "unavailable",
        "the service cannot answer now; nothing was changed, try again",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: what does not even reach a view."""
    if not _is_api(request):
        return error_page(request, 400)
    if isinstance(exception, RequestDataTooBig):
        return problem(request, 413, "body_too_large", "the body is larger than this API reads")
    said = "the request cannot be read" if isinstance(exception, SuspiciousOperation) else str(exception)
    return problem(request, 400, "bad_request", said)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403, for the staff: programs are refused by `handle`."""
    return error_page(request, 403, str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. Says the same of what never was and of what belongs to somebody else."""
    if not _is_api(request):
        return error_page(request, 404)
    return problem(request, 404, "not_found", "there is nothing here that you may see")


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """The view of every address of the API that there is not."""
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: no word about the inside."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return unavailable(request)
    if not _is_api(request):
        return error_page(request, 500)
    return problem(request, 500, "internal_error", "an error on our side; it is in our log under request_id")
