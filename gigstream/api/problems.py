"""Errors as RFC 9457 problem details, in the same form for every refusal."""

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

from gigstream.api.callers import CHALLENGE
from gigstream.api.fields import MOST_ERRORS
from gigstream.api.rendering.json import dump_json
from gigstream.core.errors import Refusal
from gigstream.core.postgres.transactions import sqlstate
from gigstream.web.error_pages import error_page

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
# numeric_value_out_of_range
TOO_LARGE = "22003"
# Our codes for DRF's exceptions.
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
    """A response with problem details and their code."""

    def __init__(
        self, body: dict[str, Any], *, status: int, code: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(dump_json(body), status=status, content_type=MEDIA_TYPE, headers=headers or {})
        self.code = code


def problem_response(
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
    """Return the problem response: the broken rule, the numbers that decided, a pointer for each field, and
    for a dry run the steps before it."""
    body = {**_problem_body(request, status, code, detail, errors, numbers), **(preview or {})}
    return Problem(body, status=status, code=code, headers=headers)


def item_problem(request: HttpRequest, error: Refusal | exceptions.ValidationError) -> dict[str, Any]:
    """Return the problem details of a refused item in a batch."""
    if isinstance(error, Refusal):
        return _problem_body(request, error.status, error.code, error.message, None, error.numbers)
    errors = _first_errors(error)
    return _problem_body(request, 400, "invalid_input", _summarize_errors(errors), errors, None)


def _first_errors(error: exceptions.ValidationError) -> list[dict[str, str]]:
    """Return the first `MOST_ERRORS` errors with their pointers."""
    return list(islice(_by_pointer(error.get_full_details(), ""), MOST_ERRORS))


def _summarize_errors(errors: list[dict[str, str]]) -> str:
    return "; ".join(f"{one['pointer'] or 'the body'}: {one['detail']}" for one in errors[:3])


def _problem_body(
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


def handle_exception(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn an exception into a problem response, as DRF's exception handler; return None for our own
    faults."""
    request = context["request"]._request
    if isinstance(error, Refusal):
        return problem_response(
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
        return unavailable_response(request)
    if isinstance(error, DataError) and sqlstate(error) == TOO_LARGE:
        detail = "an amount, or a balance with it, would have more than 14 digits before the point"
        return problem_response(request, 422, "amount_too_large", detail)
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return not_found(request, error)
    if isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return problem_response(request, 413, "body_too_large", "the body is larger than this API reads")
    if isinstance(error, exceptions.APIException):
        return _framework_problem(request, error)
    return None


def _framework_problem(request: HttpRequest, error: exceptions.APIException) -> HttpResponse:
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "refused")
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, exceptions.ValidationError):
        errors = _first_errors(error)
        return problem_response(request, 400, code, _summarize_errors(errors), errors=errors)
    return problem_response(request, error.status_code, code, str(error.detail), headers=headers)


def _headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers that HTTP requires with the refusal's status."""
    if refusal.status == 401:
        return {"WWW-Authenticate": CHALLENGE}
    after = refusal.numbers.get("retry_after_seconds")
    return {} if after is None else {"Retry-After": after}


def _by_pointer(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    """Yield the messages of a nested validation error, each with the JSON pointer (RFC 6901) of its field."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            here = pointer if name == "non_field_errors" else f"{pointer}/{_escape_pointer(str(name))}"
            yield from _by_pointer(inner, here)
    else:
        for number, inner in enumerate(details):
            nested = isinstance(inner, dict) and set(inner) != {"message", "code"}
            yield from _by_pointer(inner, f"{pointer}/{number}" if nested else pointer)


def _escape_pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _is_api(request: HttpRequest) -> bool:
    """Whether the request is for the API; people in the admin get pages."""
    return request.path == "/api" or request.path.startswith("/api/")


def unavailable_response(request: HttpRequest) -> HttpResponse:
    """Return 503 for a database that is away or too busy: nothing has moved, the request may be repeated."""
    if not _is_api(request):
        return error_page(request, 503)
    return problem_response(
        request,
        503,
        "unavailable",
        "the service cannot answer now; nothing was changed, try again",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse a request that does not reach a view: Django's handler400."""
    if not _is_api(request):
        return error_page(request, 400)
    if isinstance(exception, RequestDataTooBig):
        return problem_response(request, 413, "body_too_large", "the body is larger than this API reads")
    detail = "the request cannot be read" if isinstance(exception, SuspiciousOperation) else str(exception)
    return problem_response(request, 400, "bad_request", detail)


def forbidden_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of Django's handler403, for staff; programs are refused by `handle_exception`."""
    return error_page(request, 403, str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 404, Django's handler404: the same for a missing row and for a row of somebody else."""
    if not _is_api(request):
        return error_page(request, 404)
    return problem_response(request, 404, "not_found", "there is nothing here that you may see")


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Return 404 for addresses that the API does not have."""
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """Return 500 without details, Django's handler500."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return unavailable_response(request)
    if not _is_api(request):
        return error_page(request, 500)
    return problem_response(
        request, 500, "internal_error", "an error on our side; it is in our log under request_id"
    )
