"""Idempotency keys: a repeated request returns the stored response."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from gigstream.api.models import AnsweredRequest
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal, ReplayMismatch
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.unit import in_unit, joined

KEPT = timedelta(days=7)
SWEPT_AT_ONCE = 10_000


class RequestInProgress(Refusal):
    """The first request with this idempotency key has not ended yet."""

    code = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request with its idempotency key. Requests with other `content` differ."""

    caller: str
    method: str
    path: str
    key: str
    content: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredResponse:
    status: int
    body: str
    replayed: bool = False


def _stored_response(**key: str) -> QuerySet[AnsweredRequest, tuple[object, ...]]:
    return AnsweredRequest.objects.filter(**key).values_list("request_hash", "status", "body")


_STORED = sql.CompiledRows(_stored_response, caller="a caller", method="a method", path="a path", key="a key")


@in_unit
def respond_once(request: IdempotentRequest, command: Callable[[], tuple[int, str]]) -> StoredResponse:
    """Run the command and store its response; for a repeated request return the stored response instead.

    Command and response are written in a single transaction: if the command is refused or fails, nothing
    stays and the key may be used again. Raise RequestInProgress while the first request runs, ReplayMismatch
    if the key was used for another request.
    """
    if not try_lock(*_lock_key(request)):
        raise RequestInProgress("the first request with this Idempotency-Key is still running")
    first = find_response(request)
    if first is not None:
        return first
    with joined():
        status, body = command()
    sql.insert(
        AnsweredRequest(
            caller=request.caller,
            method=request.method,
            path=request.path,
            key=request.key,
            request_hash=request.hash,
            status=status,
            body=body,
        )
    )
    return StoredResponse(status, body)


def find_response(request: IdempotentRequest) -> StoredResponse | None:
    """Return the stored response to the request, None for the first. Raise ReplayMismatch if the key was
    used for another request."""
    first = _STORED.fetch(caller=request.caller, method=request.method, path=request.path, key=request.key)
    for request_hash, status, body in first:
        if request_hash != request.hash:
            raise ReplayMismatch("this Idempotency-Key was used for another request")
        return StoredResponse(status, body, replayed=True)
    return None


@in_unit
def record_key(*, caller: str, path: str, key: str) -> bool:
    """Record that the caller has sent this key to this path; return whether it is new."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    row = AnsweredRequest(
        caller=caller, method="POST", path=path, key=key, request_hash=digest, status=HTTPStatus.NO_CONTENT
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _lock_key(request: IdempotentRequest) -> tuple[str, int]:
    """Return a name and a number for the lock, so that two requests never share a lock by chance."""
    name = f"answer:{request.caller}:{request.method}:{request.path}:{request.key}"
    digest = hashlib.sha256(name.encode()).digest()
    return name, int.from_bytes(digest[:4], signed=True)


def delete_responses(*, caller: str, path: str = "", below: str = "", naming: str = "") -> int:
    """Delete the stored responses of a caller, optionally of a path, of the paths `below` another, or with a
    text in their body; return how many. For the erasure of a person or company, whose data stand in them."""
    rows = AnsweredRequest.objects.filter(caller=caller)
    if path:
        rows = rows.filter(method="POST", path=path)
    if below:
        rows = rows.filter(path__startswith=below)
    if naming:
        rows = rows.filter(body__icontains=naming)
    return rows.delete()[0]


def sweep_responses(*, now: datetime | None = None) -> int:
    """Delete responses older than a week, at most `SWEPT_AT_ONCE`; return how many."""
    until = (now or database_now()) - KEPT
    old = AnsweredRequest.objects.filter(created_at__lt=until).values("pk")[:SWEPT_AT_ONCE]
    return AnsweredRequest.objects.filter(pk__in=old).delete()[0]
