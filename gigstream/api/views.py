"""The frame of every API view: caller, scopes, rate limit, idempotency and dry runs."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.api import idempotency, pagination, parsing, rate_limit
from gigstream.api.callers import Caller
from gigstream.api.endpoints import Endpoint
from gigstream.api.idempotency import IdempotentRequest
from gigstream.api.rendering.json import dump_canonical, dump_json
from gigstream.core.errors import Refusal
from gigstream.core.postgres.lock_waits import LongWaits, bounded_lock_waits
from gigstream.core.unit import in_unit, rehearsal

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# A function that does the request's work and returns a status and a body of plain values.
Command = Callable[[], tuple[int, Any]]


class KeyMissing(Refusal):
    """A request that moves money has no idempotency key."""

    code = "idempotency_key_missing"
    status = 400


class InvalidKey(Refusal):
    """The idempotency key is not 1 to 255 visible ASCII characters."""

    code = "idempotency_key_invalid"
    status = 400


class LengthMissing(Refusal):
    """The body has no Content-Length, and Django would read it as empty."""

    code = "length_required"
    status = 411


class ScopeMissing(Refusal):
    """The key was made without the scope that this operation needs."""

    code = "insufficient_scope"
    status = 403


class ApiView(APIView):
    """Base view for an address of the API.

    `callers` are the kinds of callers admitted, `resource` names the scopes (`resource:read`,
    `resource:write`; the latter by `write_resource` if that is set), `moves_money` requires an idempotency
    key on POST and allows `?dry_run=true`, `query` is the form of the query string of a GET, `endpoints`
    holds the endpoint of each method.
    """

    endpoints: ClassVar[Mapping[str, Endpoint]] = {}

    callers: ClassVar[Collection[str]] = ()
    resource: ClassVar[str] = ""
    write_resource: ClassVar[str] = ""
    moves_money: ClassVar[bool] = False
    query: ClassVar[type[serializers.Serializer] | None] = None

    allowance: rate_limit.Allowance | None = None
    body_was_read = False
    idempotency_key: str | None = None
    is_rehearsal = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.stack:
            return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """Count the request, then check its credential, method and scope: refused requests count as well."""
        self._count(request)
        caller = request.auth
        if self.callers and not isinstance(caller, Caller):
            raise exceptions.NotAuthenticated("a valid credential is needed: Authorization: Bearer …")
        if request.method not in self.allowed_methods:
            raise exceptions.MethodNotAllowed(request.method or "")
        if isinstance(caller, Caller) and self.callers:
            self._enter_as(caller, request)

    def _enter_as(self, caller: Caller, request: Request) -> None:
        """Make the caller the actor of this request. Raise PermissionDenied or ScopeMissing."""
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
        """Count the request for its caller, or for the network address without a valid credential. Raise
        Throttled."""
        caller = request.auth
        known = caller.buckets if isinstance(caller, Caller) else ()
        self.allowance = rate_limit.count_request(
            *(known or (rate_limit.address_bucket(request.META.get("REMOTE_ADDR")),))
        )
        if self.allowance is not None and self.allowance.exceeded:
            raise exceptions.Throttled(self.allowance.reset_seconds)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in READING:
            self.stack.enter_context(bounded_lock_waits(_lock_wait_group(request)))
        if "Transfer-Encoding" in request.headers:
            raise LengthMissing("a body needs the header Content-Length")
        known = self._known(request)
        wrong = {name: "unknown parameter" for name in request.query_params if name not in known}
        wrong |= {name: "given twice" for name, values in request.query_params.lists() if len(values) > 1}
        if wrong:
            raise serializers.ValidationError(wrong)
        if self.callers and request.method not in READING:
            self.idempotency_key = _read_key(request)
            self.is_rehearsal = _read_dry_run(request)

    def _known(self, request: Request) -> Collection[str]:
        """Return the parameters that the query string may have."""
        if request.method not in READING:
            return ("dry_run",) if self.moves_money and request.method == "POST" else ()
        endpoint = self.endpoints.get("GET")
        own = () if self.query is None else tuple(self.query().fields)
        paged = endpoint is not None and (endpoint.listed or endpoint.pages)
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
        """Return the body, validated by the endpoint's form. Raise ValidationError with a pointer for each
        field."""
        form: Any = self.endpoints[request.method or ""].takes
        given = form(data=request.data)
        given.is_valid(raise_exception=True)
        self.body_was_read = True
        return given.validated_data

    def read_query(self, request: Request) -> dict[str, Any]:
        """Return the filters of the query string. Raise ValidationError."""
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
        order: Sequence[str] = pagination.NEWEST_FIRST,
    ) -> HttpResponse:
        """Return a page of rows, which are dicts with the columns of `order`, each rendered by `show`."""
        items, cursor = pagination.read_page(rows, request.query_params, order=order)
        return json_response(200, {"items": [show(item) for item in items], "next": cursor})

    def perform(
        self, request: Request, command: Command, *, visible_once: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Run the command of a POST, PUT or DELETE, in a single transaction, once for each idempotency key.

        `visible_once`, which the command fills with secrets, is in the first response only and not stored.
        Raise TypeError if the documented body was not read: it would be ignored silently.
        """
        if self.endpoints[request.method or ""].takes and not self.body_was_read:
            raise TypeError(f"{type(self).__name__} runs a command without reading the body")
        key = self.idempotency_key
        if self.is_rehearsal:
            return json_response(200, rehearse_command(command, request.auth))
        if key is None and self.moves_money:
            raise KeyMissing("a request that moves money needs the header Idempotency-Key")
        if key is None:
            status, body = in_unit(command)()
            return json_response(status, {**body, **visible_once} if visible_once else body)
        answer = idempotency.respond_once(_idempotent_request(request, key), lambda: _render_body(*command()))
        if answer.replayed:
            return _replay(answer)
        if visible_once:
            return json_response(answer.status, {**parsing.parse_json(answer.body.encode()), **visible_once})
        return HttpResponse(answer.body, status=answer.status, content_type="application/json")

    def find_answer(self, request: Request) -> HttpResponse | None:
        """Return the response to a repeated request with an idempotency key, None for the first: for views
        that call a service outside before `perform`."""
        key = self.idempotency_key
        answer = None if key is None else idempotency.find_response(_idempotent_request(request, key))
        return None if answer is None else _replay(answer)


def _read_key(request: Request) -> str | None:
    """Return the idempotency key, None without one. Raise InvalidKey."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidKey("an Idempotency-Key is 1 to 255 visible ASCII characters")
    return key


def _read_dry_run(request: Request) -> bool:
    """Return whether the request is a dry run. Raise ValidationError."""
    text = request.query_params.get("dry_run", "false")
    if text not in ("true", "false"):
        raise serializers.ValidationError({"dry_run": "must be true or false"})
    return text == "true"


def _replay(answer: idempotency.StoredResponse) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    response["Idempotent-Replayed"] = "true"
    return response


def _lock_wait_group(request: Request) -> str:
    """Return the platform whose rows the request may wait for, or WORKERS for any platform's."""
    caller = request.auth
    if isinstance(caller, Caller) and caller.kind == ActorType.PLATFORM:
        return caller.id
    return LongWaits.WORKERS


def rehearse_command(command: Command, caller: Any) -> dict[str, Any]:
    """Return the response, postings and events of the command, as far as the caller may see them, and roll it
    back. A refusal carries the steps that would be committed before it."""
    refused = None
    with rehearsal() as unit:
        try:
            _, body = command()
        except Refusal as refusal:
            refused = refusal
    seen = unit.preview_for(caller)
    if refused is None:
        return {"dry_run": True, "answer": body, **seen}
    if refused.shows_first_steps:
        refused.preview = {"dry_run": True, **seen}
    raise refused


def _idempotent_request(request: Request, key: str) -> IdempotentRequest:
    content = dump_canonical([request.data, request.META.get("QUERY_STRING", "")])
    return IdempotentRequest(str(request.auth or ""), request.method or "", request.path, key, content)


def _render_body(status: int, body: Any) -> tuple[int, str]:
    return status, dump_json(body).decode()


def json_response(status: int, body: Any) -> HttpResponse:
    return HttpResponse(dump_json(body), status=status, content_type="application/json")


class RowCommand(ApiView):
    """Base view of `…/{row_id}/…`, to be combined with a view whose `own_one` finds the caller's rows.

    `row_id` is the name of the row's id in the address and in the service's parameters, `service` the
    service, which takes it and the fields of the form as keywords, and `as_json` renders the row afterwards.
    The docstring of a subclass describes its operation.
    """

    moves_money = True

    row_id: ClassVar[str]
    service: ClassVar["staticmethod[..., object]"]
    as_json: ClassVar["staticmethod[[Any], dict[str, Any]]"]

    own_one: Callable[..., Any]

    def post(self, request: Request, **path: Any) -> HttpResponse:
        given = self.read(request)
        row = self.own_one(pk=path.pop(self.row_id))

        def command() -> tuple[int, Any]:
            self.service(**{self.row_id: row.pk}, **path, **given)
            return 200, self.as_json(type(row)._default_manager.get(pk=row.pk))

        return self.perform(request, command)
