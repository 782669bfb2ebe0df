"""The frame of every API view: who calls, what they may, how often, and each request done once."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from audit import answers
from audit.answers import Asked
from audit.context import acting_as
from audit.enums import ActorType
from gigstream.lib.api import limits, listing, parsing, previews
from gigstream.lib.api.callers import Caller
from gigstream.lib.api.doors import Door
from gigstream.lib.api.rendering import canonical, dump
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from gigstream.lib.lock_waits import LongWaits, bounded_lock_waits

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What an act answers: a status and a body of plain values.
Act = Callable[[], tuple[int, Any]]


class KeyMissing(Refusal):
    """A request that moves money has no idempotency key."""

    code = "idempotency_key_missing"
    status = 400


class InvalidKey(Refusal):
    """The idempotency key is not 1 to 255 visible ASCII characters."""

    code = "idempotency_key_invalid"
    status = 400


class LengthMissing(Refusal):
    """A body comes in chunks. What nobody has counted would be taken for none at all."""

    code = "length_required"
    status = 411


class ScopeMissing(Refusal):
    """The key was made without the scope that this operation needs."""

    code = "insufficient_scope"
    status = 403


class ApiView(APIView):
    """One address of the API.

    `callers` are the kinds that may come, `resource` names the scope (`resource:read`, `resource:write`; the
    latter of `write_resource` where that is another),
    `moves_money` demands an idempotency key on POST and allows `?dry_run=true`, `query` is the form of the
    query string of a GET, `doors` says of each method how it is called, what it takes and what it answers.
    """

    doors: ClassVar[Mapping[str, Door]] = {}

    callers: ClassVar[Collection[str]] = ()
    resource: ClassVar[str] = ""
    write_resource: ClassVar[str] = ""
    moves_money: ClassVar[bool] = False
    query: ClassVar[type[serializers.Serializer] | None] = None

    allowance: limits.Allowance | None = None
    body_was_read = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.stack:
            return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """Whatever is refused here was counted: guesses of a key as well."""
        self._count(request)
        caller = request.auth
        if self.callers and not isinstance(caller, Caller):
            raise exceptions.NotAuthenticated("a valid credential is needed: Authorization: Bearer …")
        if request.method not in self.allowed_methods:
            raise exceptions.MethodNotAllowed(request.method or "")
        if isinstance(caller, Caller) and self.callers:
            self._enter_as(caller, request)

    def _enter_as(self, caller: Caller, request: Request) -> None:
        """Act as the caller from here on. Raises PermissionDenied or ScopeMissing."""
        if caller.kind not in self.callers:
            raise exceptions.PermissionDenied(f"this is not for a {caller.kind}")
        self.stack.enter_context(acting_as(ActorType(caller.kind), caller.id))
        verb = "read" if request.method in READING else "write"
        scope = f"{self.resource_for(request.method or '')}:{verb}"
        if not caller.may(scope):
            raise ScopeMissing(f"this key does not have the scope {scope}", scope=scope)

    @classmethod
    def resource_for(cls, method: str) -> str:
        """Return the name of the scope that this method needs."""
        return cls.resource if method in READING else cls.write_resource or cls.resource

    def _count(self, request: Request) -> None:
        """Count the request with its caller, or with the network address when no credential was good. Raises
        Throttled."""
        caller = request.auth
        known = caller.buckets if isinstance(caller, Caller) else ()
        self.allowance = limits.take(*(known or (limits.address_bucket(request.META.get("REMOTE_ADDR")),)))
        if self.allowance is not None and self.allowance.exceeded:
            raise exceptions.Throttled(self.allowance.reset_seconds)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in READING:
            self.stack.enter_context(bounded_lock_waits(_party(request)))
        if "Transfer-Encoding" in request.headers:
            raise LengthMissing("a body needs the header Content-Length")
        known = self._known(request)
        wrong = {name: "unknown parameter" for name in request.query_params if name not in known}
        wrong |= {name: "given twice" for name, values in request.query_params.lists() if len(values) > 1}
        if wrong:
            raise serializers.ValidationError(wrong)

    def _known(self, request: Request) -> Collection[str]:
        """The parameters that the query string may have."""
        if request.method not in READING:
            return ("dry_run",) if self.moves_money and request.method == "POST" else ()
        door = self.doors.get("GET")
        own = () if self.query is None else tuple(self.query().fields)
        paged = door is not None and (door.listed or door.pages)
        return (*own, "limit", "cursor") if paged else own

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        if self.allowance is not None:
            for name, value in self.allowance.headers().items():
                answer[name] = value
            if self.allowance.exceeded:
                answer["Retry-After"] = str(self.allowance.reset_seconds)
        return answer

    def read(self, request: Request) -> dict[str, Any]:
        """The body as the door's form wants it. Raises ValidationError with a pointer for each field."""
        form: Any = self.doors[request.method or ""].takes
        given = form(data=request.data)
        given.is_valid(raise_exception=True)
        self.body_was_read = True
        return given.validated_data

    def read_query(self, request: Request) -> dict[str, Any]:
        """What the query string narrows a list by. Raises ValidationError."""
        form: Any = self.query
        given = form(
            data={name: text for name, text in request.query_params.items() if name in form().fields}
        )
        given.is_valid(raise_exception=True)
        return given.validated_data

    def paged(
        self,
        request: Request,
        rows: QuerySet[Any],
        *,
        show: Callable[[dict[str, Any]], dict[str, Any]] = dict,
        order: Sequence[str] = listing.NEWEST_FIRST,
    ) -> HttpResponse:
        """One page of rows that are dicts and hold what `order` names, each as `show` has it."""
        items, cursor = listing.page(rows, request.query_params, order=order)
        return json(200, {"items": [show(item) for item in items], "next": cursor})

    def perform(
        self, request: Request, act: Act, *, shown_once: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """What a POST, PUT or DELETE does, in one transaction, once for each idempotency key.

        `shown_once`, which the act fills, is in the first answer only and is kept nowhere: secrets. Raises
        TypeError where the body that is documented was never looked at: it would be ignored in silence.
        """
        if self.doors[request.method or ""].takes and not self.body_was_read:
            raise TypeError(f"{type(self).__name__} acts without having read the body")
        key = request.headers.get("Idempotency-Key")
        if key is not None and not _KEY.fullmatch(key):
            raise InvalidKey("an Idempotency-Key is 1 to 255 visible ASCII characters")
        if self._is_rehearsal(request):
            return json(200, rehearse(act, request.auth))
        if key is None and self.moves_money:
            raise KeyMissing("a request that moves money needs the header Idempotency-Key")
        if key is None:
            status, body = atomic_with_retry(act)()
            return json(status, {**body, **shown_once} if shown_once else body)
        answer = answers.once(_asked(request, key), lambda: _rendered(*act()))
        if answer.replayed:
            response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
            response["Idempotent-Replayed"] = "true"
            return response
        if shown_once:
            return json(answer.status, {**parsing.read(answer.body.encode()), **shown_once})
        return HttpResponse(answer.body, status=answer.status, content_type="application/json")

    def _is_rehearsal(self, request: Request) -> bool:
        text = request.query_params.get("dry_run", "false")
        if text not in ("true", "false"):
            raise serializers.ValidationError({"dry_run": "must be true or false"})
        return text == "true"


def _party(request: Request) -> str:
    """Whose rows the request may wait for: the platform's own, or any platform's when a worker calls."""
    caller = request.auth
    if isinstance(caller, Caller) and caller.kind == ActorType.PLATFORM:
        return caller.id
    return LongWaits.WORKERS


def rehearse(act: Act, caller: Any) -> dict[str, Any]:
    """What the act would answer, book and announce, as far as the caller may know; nothing of it stays. A
    refusal carries what would be committed before it."""
    refused = None
    with transaction.atomic():
        with previews.watching(caller) as seen:
            try:
                _, body = act()
            except Refusal as refusal:
                refused = refusal
        transaction.set_rollback(True)
    if refused is None:
        return {"dry_run": True, "answer": body, **seen}
    if refused.shows_first_steps:
        refused.preview = {"dry_run": True, **seen}
    raise refused


def _asked(request: Request, key: str) -> Asked:
    content = canonical([request.data, request.META.get("QUERY_STRING", "")])
    return Asked(str(request.auth or ""), request.method or "", request.path, key, content)


def _rendered(status: int, body: Any) -> tuple[int, str]:
    return status, dump(body).decode()


def json(status: int, body: Any) -> HttpResponse:
    """The body as an answer."""
    return HttpResponse(dump(body), status=status, content_type="application/json")
