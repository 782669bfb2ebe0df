"""The description of the API in OpenAPI, made from the endpoints of its views."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import is_list_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from gigstream.api.callers import PLATFORM, WORKER
from gigstream.api.endpoints import Endpoint, Form
from gigstream.api.fields import Amount, Items, JSONObject, ReferenceText, Text, WalletAddress
from gigstream.api.pagination import MOST, USUAL
from gigstream.api.problems import MEDIA_TYPE
from gigstream.api.schema.schemas import Problem, RehearsedEvent, RehearsedPosting

# The security scheme of each kind of caller.
SCHEMES = {PLATFORM: "platformKey", WORKER: "workerToken"}


_REFUSALS = {
    400: "The request cannot be read, or a field or parameter is wrong.",
    401: "There is no good credential.",
    402: "The money is not there.",
    403: "The credential does not open this.",
    404: "There is nothing here that you may see.",
    409: "The present state does not allow it.",
    411: "The body comes without Content-Length.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The values break a rule.",
    429: "Too many requests; Retry-After says when to come again.",
    503: "The service cannot answer now; nothing was changed.",
}
_ON_READING = (400, 401, 403, 429, 503)

AMOUNT_OR_ZERO = r"^(0|[1-9]\d{0,13})(\.\d{1,6})?$"
# Written out, since many generators and validators know no pattern that looks ahead (RE2 has none).
AMOUNT_ABOVE_ZERO = (
    r"^([1-9]\d{0,13}(\.\d{1,6})?"
    r"|0\.([1-9]\d{0,5}|0[1-9]\d{0,4}|00[1-9]\d{0,3}|000[1-9]\d{0,2}|0000[1-9]\d?|00000[1-9]))$"
)
# With or without its prefix, in either case, by the letters that `read_reference` reads.
WRITTEN_REFERENCE = (
    r"^([A-Za-z]{2}[-\u2010-\u2015 ][0-9A-TV-Za-tv-z]{6,13}|[A-Za-z]{2}[0-9A-TV-Za-tv-z]{6}"
    r"|[0-9A-TV-Za-tv-z]{6,13})$"
)

_KEY_HELP = (
    "1 to 255 visible ASCII characters. The same key again gets the first answer and does nothing"
    " (`Idempotent-Replayed: true`)"
)


class EndpointSchema(AutoSchema):
    """The description of the methods for which a view has endpoints; other views are not part of the API."""

    view: Any

    @property
    def endpoint(self) -> Endpoint:
        found: Endpoint = self.view.endpoints[self.method]
        return found

    def is_excluded(self) -> bool:
        return self.method not in getattr(self.view, "endpoints", {})

    def get_operation_id(self) -> str:
        return self.endpoint.operation

    def get_tags(self) -> list[str]:
        return [self.view.resource_for(self.method) or "general"]

    def get_summary(self) -> str:
        return self.endpoint.operation.replace("_", " ").capitalize()

    def get_auth(self) -> list[dict[str, Any]]:
        # An empty requirement means that no credential is needed.
        return [{SCHEMES[kind]: []} for kind in self.view.callers] or [{}]

    def get_request_serializer(self) -> Any:
        form = self.endpoint.takes
        parsers = self.view.parser_classes
        # A body in another format than JSON may not have the form's.
        others = {one.media_type: one.described for one in parsers if hasattr(one, "described")}
        return {"application/json": form, **others} if others else form

    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET":
            own = [self.view.query] if self.view.query is not None else []
            return [*own, *(_page_parameters() if self.endpoint.listed or self.endpoint.pages else ())]
        # The responses of a sign-in are secret and not stored, so that a key cannot return them again.
        return list(_write_parameters(self.view.moves_money)) if self.view.callers else []

    def get_response_serializers(self) -> Any:
        endpoint = self.endpoint
        answers: dict[Any, Any] = {
            endpoint.status: _page_of(endpoint.answers) if endpoint.listed else endpoint.answers
        }
        if endpoint.may_wait:
            answers[202] = endpoint.answers
        if self.view.moves_money and self.method == "POST":
            rehearsed = _rehearsal_of(endpoint.answers)
            answers[200] = _either_form(endpoint, [answers[200], rehearsed]) if 200 in answers else rehearsed
        refusals = _ON_READING if self.method == "GET" else tuple(_REFUSALS)
        if endpoint.may_be_refused and 409 not in refusals:
            refusals = (*refusals, 409)
        if ("{" in self.path or endpoint.may_be_missing) and 404 not in refusals:
            refusals = (*refusals, 404)
        for status in sorted(refusals):
            answers[status, MEDIA_TYPE] = OpenApiResponse(Problem, _REFUSALS[status])
        return answers

    def _is_list_view(self, serializer: Any = None) -> bool:
        return bool(serializer is not None and is_list_serializer(serializer))


def finish_document(result: Any, **kwargs: Any) -> Any:
    """Forbid other fields in every form, and drop the generator's marks on enumerations."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Form"):
            component["additionalProperties"] = False
    _drop_marks(result)
    return result


def _drop_marks(part: Any) -> None:
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _drop_marks(inner)


@cache
def _page_of(row: Form) -> Form:
    fields = {
        "items": row(many=True),
        "next": Text(allow_null=True, help_text="the cursor of the next page; null on the last one"),
        "__doc__": "One page.",
    }
    return type(f"{row.__name__}Page", (serializers.Serializer,), fields)


@cache
def _rehearsal_of(answer: Form) -> Form:
    fields = {
        "dry_run": serializers.BooleanField(),
        "answer": answer(),
        "postings": RehearsedPosting(many=True),
        "events": RehearsedEvent(many=True),
        "__doc__": "The answer, postings and events that the request would have; nothing of it stays.",
    }
    return type(f"{answer.__name__}DryRun", (serializers.Serializer,), fields)


def _either_form(endpoint: Endpoint, forms: list[Form]) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=f"{endpoint.answers.__name__}OrDryRun",
        serializers=forms,
        resource_type_field_name=None,
    )


def _page_parameters() -> tuple[OpenApiParameter, ...]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    return (
        OpenApiParameter("limit", limit, description="how many at most"),
        OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before"),
    )


def _write_parameters(moves_money: bool) -> tuple[OpenApiParameter, ...]:
    key = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"}
    header = OpenApiParameter(
        "Idempotency-Key",
        key,
        OpenApiParameter.HEADER,
        required=moves_money,
        description=f"{_KEY_HELP}; a dry run needs none" if moves_money else _KEY_HELP,
    )
    if not moves_money:
        return (header,)
    description = "answer what would happen, with every posting, and change nothing"
    return header, OpenApiParameter("dry_run", OpenApiTypes.BOOL, description=description)


class AmountField(OpenApiSerializerFieldExtension):
    """The description of amounts: strings of digits with at most 6 decimals."""

    target_class = Amount

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        pattern = AMOUNT_OR_ZERO if self.target.allow_zero else AMOUNT_ABOVE_ZERO
        return {"type": "string", "pattern": pattern, "examples": ["12.50"]}


class ReferenceField(OpenApiSerializerFieldExtension):
    """The description of references, as people write them."""

    target_class = ReferenceText

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": WRITTEN_REFERENCE, "examples": ["TA-7K3M2Q"]}


class WalletAddressField(OpenApiSerializerFieldExtension):
    """The description of wallet addresses: a pattern, which cannot express the checksum."""

    target_class = WalletAddress

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}


class ItemsField(OpenApiSerializerFieldExtension):
    """The description of lists whose items are validated singly: an array of the items' form."""

    target_class = Items

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        form = auto_schema.resolve_serializer(self.target.form, direction)
        return {"type": "array", "items": form.ref, "minItems": 1, "maxItems": self.target.max_length}


class JSONObjectField(OpenApiSerializerFieldExtension):
    """The description of an object of the caller's own."""

    target_class = JSONObject

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}
