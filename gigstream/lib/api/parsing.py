"""JSON on the way in: what is ambiguous, or more than a request needs, is refused by name."""

import json
import math
import re
from typing import IO, Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

LARGEST_BODY = 262_144
DEEPEST = 32
MOST_NAMES = 1_000
# A string that nobody closes ends with the body, so that no byte is looked at from two beginnings.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class StrictJSONParser(BaseParser):
    """One JSON value in UTF-8: no duplicate names, no NaN, no null characters, not too deep."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise RequestDataTooBig
        return read(body)


def read(body: bytes) -> Any:
    """The JSON value in `body`. Raises ParseError with a reason."""
    _require_shallow(body)
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_of_64_bits,
        )
    except UnicodeDecodeError as error:
        raise ParseError("the body is not UTF-8") from error
    except ValueError as error:
        raise ParseError(f"not JSON: {str(error)[:120]}") from error
    _look_through(value)
    return value


def _require_shallow(body: bytes) -> None:
    """Refuse depth before the value is read: the reader goes down once for each level, and where a library
    has raised Python's limit of recursion, a body of brackets would end the process."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise ParseError(f"nested deeper than {DEEPEST} levels")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object that the pairs make. Raise ValueError for a repeated name or more than MOST_NAMES."""
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


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _of_64_bits(text: str) -> int:
    """Larger ones are amounts, which are strings; what writes JSON here cannot write them again."""
    value = int(text)
    if not -(2**63) <= value < 2**64:
        raise ValueError("a number is too large")
    return value


def _look_through(value: Any) -> None:
    """Refuse text that no column can hold."""
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
