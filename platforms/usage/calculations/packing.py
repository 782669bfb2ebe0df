"""Bodies of usage batches: JSON or NDJSON, as they are or in gzip, read under limits that are counted while
they are read."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from platforms.usage.errors import InvalidUsageBatch, UsageBatchTooLarge

MOST_EVENTS: Final = 5_000
LARGEST_BODY: Final = 4 * 1024 * 1024
LARGEST_UNPACKED: Final = 32 * 1024 * 1024
MOST_UNPACKED_PER_BYTE: Final = 50
LONGEST_LINE: Final = 4_096
_PIECE: Final = 256 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


class BadLine:
    """An item of a batch that is no JSON object, with the reason."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


def unpack_gzip(packed: bytes) -> bytes:
    """Return the content of a gzip file with a single member. Raise InvalidUsageBatch for one that is damaged
    or ends early, UsageBatchTooLarge before more is unpacked than the limits allow."""
    most = min(LARGEST_UNPACKED, MOST_UNPACKED_PER_BYTE * len(packed))
    reader, parts, size, rest = zlib.decompressobj(_GZIP), [], 0, packed
    try:
        while rest and not reader.eof:
            part = reader.decompress(rest, min(_PIECE, most - size + 1))
            size += len(part)
            if size > most:
                raise UsageBatchTooLarge(
                    f"a batch has at most {LARGEST_UNPACKED} bytes unpacked, and {MOST_UNPACKED_PER_BYTE} for"
                    " each byte in gzip",
                    packed=len(packed),
                    most=most,
                )
            parts.append(part)
            rest = reader.unconsumed_tail
    except zlib.error as error:
        raise InvalidUsageBatch("the body is not a gzip file, or is damaged") from error
    if not reader.eof:
        raise InvalidUsageBatch("the gzip file ends early")
    if reader.unused_data:
        raise InvalidUsageBatch("something follows the gzip file")
    return b"".join(parts)


def read_ndjson(body: bytes) -> list[Any]:
    """Return the items of a body with a JSON object in each line; a line that is none is a BadLine. Empty
    lines are passed over. Raise UsageBatchTooLarge for more than `MOST_EVENTS`."""
    found: list[Any] = []
    for line in _lines(body):
        if len(found) == MOST_EVENTS:
            raise _too_many()
        found.append(_read_line(line))
    return found


def _lines(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        # Also a line too long to be copied is an item.
        line = body[start : min(end, start + LONGEST_LINE + 2)]
        if line.strip():
            yield line.removesuffix(b"\r")
        start = end + 1


def _read_line(line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        return BadLine(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        return orjson.loads(line)
    except ValueError:
        return BadLine("the line is not JSON")


def measure_items(items: Sequence[Any]) -> list[Any]:
    """Return the items of a body in JSON, a BadLine for each that would be too long a line of NDJSON."""
    return [_measured(one) for one in items]


def _measured(item: Any) -> Any:
    if isinstance(item, dict) and len(item) <= 8 and all(_is_short(*pair) for pair in item.items()):
        return item
    if len(orjson.dumps(item)) > LONGEST_LINE:
        return BadLine(f"the item is longer than {LONGEST_LINE} bytes")
    return item


def _is_short(name: str, value: Any) -> bool:
    # Eight of them, with up to six bytes a character, stay below the limit.
    return len(name) <= 16 and (
        value is None or isinstance(value, int) or (isinstance(value, str) and len(value) <= 60)
    )


def _too_many() -> UsageBatchTooLarge:
    return UsageBatchTooLarge(f"a batch has at most {MOST_EVENTS} events", most=MOST_EVENTS)
