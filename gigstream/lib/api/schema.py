"""The description of the API in OpenAPI, read off the doors of its views."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import is_list_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from gigstream.lib.api.callers import PLATFORM, WORKER
from gigstream.lib.api.doors import Door, Form
from gigstream.lib.api.fields import Amount, Items, JSONObject, Text, WalletAddress
from gigstream.lib.api.forms import Problem, RehearsedEvent, RehearsedPosting
from gigstream.lib.api.listing import MOST, USUAL
from gigstream.lib.api.problems import MEDIA_TYPE

# Of every caller, the security scheme that lets it in.
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

_KEY_HELP = (
    "1 to 255 visible ASCII characters. The same key again gets the first answer and does nothing"
    " (`Idempotent-Replayed: true`)"
)


class DoorSchema(AutoSchema):
    """Describes the methods for which a view has doors; a view without any is not part of the API."""

    view: Any

    @property
    def door(self) -> Door:
        found: Door = self.view.doors[self.method]
        return found

    def is_excluded(self) -> bool:
        return self.method not in getattr(self.view, "doors", {})

    def get_operation_id(self) -> str:
        return self.door.operation

    def get_tags(self) -> list[str]:
        return [self.view.resource_for(self.method) or "general"]

    def get_summary(self) -> str:
        return self.door.operation.replace("_", " ").capitalize()

    def get_auth(self) -> list[dict[str, Any]]:
        # An empty requirement says that nobody needs to be signed in.
        return [{SCHEMES[kind]: []} for kind in self.view.callers] or [{}]

    def get_request_serializer(self) -> Any:
        return self.door.takes

    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET":
            own = [self.view.query] if self.view.query is not None else []
            return [*own, *(_page_parameters() if self.door.listed or self.door.pages else ())]
        # What is asked for to sign in is secret and kept for nobody, so a key has nothing to find again.
        return list(_act_parameters(self.view.moves_money)) if self.view.callers else []

    def get_response_serializers(self) -> Any:
        door = self.door
        answers: dict[Any, Any] = {door.status: _page_of(door.answers) if door.listed else door.answers}
        if self.view.moves_money and self.method == "POST":
            rehearsed = _rehearsal_of(door.answers)
            answers[200] = _either(door, [answers[200], rehearsed]) if 200 in answers else rehearsed
        refusals = _ON_READING if self.method == "GET" else tuple(_REFUSALS)
        if door.may_be_refused and 409 not in refusals:
            refusals = (*refusals, 409)
        if ("{" in self.path or door.may_be_missing) and 404 not in refusals:
            refusals = (*refusals, 404)
        for status in sorted(refusals):
            answers[status, MEDIA_TYPE] = OpenApiResponse(Problem, _REFUSALS[status])
        return answers

    def _is_list_view(self, serializer: Any = None) -> bool:
        return bool(serializer is not None and is_list_serializer(serializer))


def finish(result: Any, **kwargs: Any) -> Any:
    """Say of every form that it takes no other fields, and drop the generator's marks on enumerations."""
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
        "__doc__": "What would be answered, booked and announced; nothing of it stays.",
    }
    return type(f"{answer.__name__}DryRun", (serializers.Serializer,), fields)


def _either(door: Door, forms: list[Form]) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=f"{door.answers.__name__}OrDryRun", serializers=forms, resource_type_field_name=None
    )


def _page_parameters() -> tuple[OpenApiParameter, ...]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    return (
        OpenApiParameter("limit", limit, description="how many at most"),
        OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before"),
    )


def _act_parameters(moves_money: bool) -> tuple[OpenApiParameter, ...]:
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
    told = "answer what would happen, with every posting, and change nothing"
    return header, OpenApiParameter("dry_run", OpenApiTypes.BOOL, description=told)


class AmountField(OpenApiSerializerFieldExtension):
    """Amounts are strings of one form; the empty one is not among them."""

    target_class = Amount

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        above_zero = "" if self.target.allow_zero else "(?=.*[1-9])"
        pattern = rf"^{above_zero}(0|[1-9]\d{{0,13}})(\.\d{{1,6}})?$"
        return {"type": "string", "pattern": pattern, "examples": ["12.50"]}


class WalletAddressField(OpenApiSerializerFieldExtension):
    """What a pattern can say of addresses; it cannot say their checksum."""

    target_class = WalletAddress

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}


class ItemsField(OpenApiSerializerFieldExtension):
    """Lists whose items are judged one by one have the form of each."""

    target_class = Items

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        form = auto_schema.resolve_serializer(self.target.form, direction)
        return {"type": "array", "items": form.ref, "minItems": 1, "maxItems": self.target.max_length}


class JSONObjectField(OpenApiSerializerFieldExtension):
    """An object of the caller's own."""

    target_class = JSONObject

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}
