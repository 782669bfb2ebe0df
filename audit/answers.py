"""The same request again gets the first answer: idempotency keys, kept with what the request did."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.models import AnsweredRequest
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, joined, try_lock
from gigstream.lib.errors import Refusal, ReplayMismatch

KEPT = timedelta(days=7)
SWEPT_AT_ONCE = 10_000


class RequestInProgress(Refusal):
    """The first request with this idempotency key has not ended yet."""

    code = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under its idempotency key. `content` is everything that makes it another request."""

    caller: str
    method: str
    path: str
    key: str
    content: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    replayed: bool = False


def _first(**asked: str) -> QuerySet[AnsweredRequest, tuple[object, ...]]:
    return AnsweredRequest.objects.filter(**asked).values_list("request_hash", "status", "body")


_FIRST = sql.RowQuestion(_first, caller="a caller", method="a method", path="a path", key="a key")


@atomic_with_retry
def once(asked: Asked, act: Callable[[], tuple[int, str]]) -> Answer:
    """What `act` answers, the first time; afterwards that same answer, without acting again.

    Act and answer are one transaction: when the act is refused or fails, nothing stays and the same key may
    try again. Raises RequestInProgress while another one runs, ReplayMismatch when something else was asked
    under this key.
    """
    if not try_lock(*_lock_of(asked)):
        raise RequestInProgress("the first request with this Idempotency-Key is still running")
    first = _FIRST.ask(caller=asked.caller, method=asked.method, path=asked.path, key=asked.key)
    for request_hash, status, body in first:
        if request_hash != asked.hash:
            raise ReplayMismatch("this Idempotency-Key was used for another request")
        return Answer(status, body, replayed=True)
    with joined():
        status, body = act()
    sql.insert(
        AnsweredRequest(
            caller=asked.caller,
            method=asked.method,
            path=asked.path,
            key=asked.key,
            request_hash=asked.hash,
            status=status,
            body=body,
        )
    )
    return Answer(status, body)


@atomic_with_retry
def first_time(*, caller: str, path: str, key: str) -> bool:
    """Whether the caller sends this key to this path for the first time: then it is on record, before
    anything is done."""
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


def _lock_of(asked: Asked) -> tuple[str, int]:
    """A name and a number for the lock, so that two requests never share one by chance."""
    name = f"answer:{asked.caller}:{asked.method}:{asked.path}:{asked.key}"
    digest = hashlib.sha256(name.encode()).digest()
    return name, int.from_bytes(digest[:4], signed=True)


def forget_answers(*, caller: str, path: str = "", naming: str = "") -> int:
    """Delete what a caller was answered, at one path alone or where the answer names something; return how
    many answers. For the erasure of a person or company, whose data stand in them."""
    rows = AnsweredRequest.objects.filter(caller=caller)
    if path:
        rows = rows.filter(method="POST", path=path)
    if naming:
        rows = rows.filter(body__icontains=naming)
    return rows.delete()[0]


def sweep(*, now: datetime | None = None) -> int:
    """Answers older than a week are gone, some at a time; returns how many."""
    until = (now or database_now()) - KEPT
    old = AnsweredRequest.objects.filter(created_at__lt=until).values("pk")[:SWEPT_AT_ONCE]
    return AnsweredRequest.objects.filter(pk__in=old).delete()[0]
