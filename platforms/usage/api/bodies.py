"""Parsers of usage batches: JSON and NDJSON, as they are or in gzip."""

from hashlib import sha256
from typing import IO, Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ValidationError

from gigstream.api.parsing import StrictJSONParser, parse_json
from platforms.usage.api.schemas import UsageEventForm
from platforms.usage.calculations.packing import LARGEST_BODY, measure_items, read_ndjson, unpack_gzip

NOT_AN_ENCODING = "a body is sent as it is, or with the content encoding gzip"


class UsageBody(dict[str, Any]):
    """A body in NDJSON: by its hash for the comparison of idempotency keys, with the items beside it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(sha256=sha256(content).hexdigest())
        self.items_of_batch = read_ndjson(content)


class UsageJSONParser(StrictJSONParser):
    """A parser of a usage batch in JSON, of 4 MB, or of what a gzip file of 4 MB may unpack to."""

    largest: ClassVar[int] = LARGEST_BODY

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        return self.read(_read_body(stream, parser_context, self.largest))

    def read(self, content: bytes) -> Any:
        """Return the value of an unpacked body."""
        return parse_json(content)


class UsageLinesParser(UsageJSONParser):
    """A parser of a usage batch with a JSON object in each line."""

    media_type = "application/x-ndjson"
    described: ClassVar[Any] = UsageEventForm(many=True)

    def read(self, content: bytes) -> Any:
        return UsageBody(content)


def _read_body(stream: IO[bytes], context: Any, largest: int) -> bytes:
    """Return the body, unpacked. Raise RequestDataTooBig, ValidationError for an unknown encoding, or the
    refusals of `unpack_gzip`."""
    body = stream.read(largest + 1)
    if len(body) > largest:
        raise RequestDataTooBig
    encoding = context["request"].headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise ValidationError(NOT_AN_ENCODING)
    return unpack_gzip(body) if encoding == "gzip" else body


def items_of(data: Any, given: Any) -> list[Any]:
    """Return the items of a batch: of a body in NDJSON, or those of a form that was read from JSON."""
    if isinstance(data, UsageBody):
        return data.items_of_batch
    return measure_items(given["events"])
