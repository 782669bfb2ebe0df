"""The parser of JSON requests: ambiguous or excessive input is refused with a reason."""

import json
import math
import re
from typing import IO, Any, ClassVar, NoReturn

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

LARGEST_BODY = 262_144
DEEPEST = 32
MOST_NAMES = 1_000
# An unclosed string ends with the body, so that each byte is read once.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class StrictJSONParser(BaseParser):
    """A parser of a JSON value in UTF-8: no duplicate names, no NaN, no null characters, not too deep."""

    media_type = "application/json"
    largest: ClassVar[int] = LARGEST_BODY

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(self.largest + 1)
        if len(body) > self.largest:
            raise RequestDataTooBig
        return parse_json(body)


class ImageJSONParser(StrictJSONParser):
    """A parser of a JSON value with an image of 5 MB in base64."""

    largest = 7_000_000


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`. Raise ParseError with a reason."""
    _require_shallow(body)
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique_names,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_int_of_64_bits,
        )
    except UnicodeDecodeError as error:
        raise ParseError("the body is not UTF-8") from error
    except ValueError as error:
        raise ParseError(f"not JSON: {str(error)[:120]}") from error
    _require_storable_texts(value)
    return value


def _require_shallow(body: bytes) -> None:
    """Refuse depth before parsing: the parser recurses at each level, and where a library has raised Python's
    recursion limit, a body of brackets would end the process."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise ParseError(f"nested deeper than {DEEPEST} levels")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dict. Raise ValueError for a repeated name or more than MOST_NAMES."""
    if len(pairs) > MOST_NAMES:
        raise ValueError(f"an object has at most {MOST_NAMES:,} names")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:60]!r} is given twice")
        found[name] = value
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _finite_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _int_of_64_bits(text: str) -> int:
    """Return the integer. Raise ValueError above 64 bits: larger numbers are amounts, which are strings, and
    our JSON renderer cannot write them."""
    value = int(text)
    if not -(2**63) <= value < 2**64:
        raise ValueError("a number is too large")
    return value


def _require_storable_texts(value: Any) -> None:
    """Refuse text that PostgreSQL cannot store."""
    level = [value]
    while level:
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _require_storable(one)
            elif isinstance(one, dict):
                for name in one:
                    _require_storable(name)
                below += one.values()
            elif isinstance(one, list):
                below += one
        level = below


def _require_storable(text: str) -> None:
    if "\x00" in text:
        raise ParseError("text may not contain the null character")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise ParseError("text contains half of a surrogate pair")
