"""Bodies of usage batches: read line by line under limits that hold while they are read."""

import gzip
import random
import tracemalloc
import zlib

import pytest

from platforms.usage.calculations.packing import (
    LONGEST_LINE,
    BadLine,
    measure_items,
    read_ndjson,
    unpack_gzip,
)
from platforms.usage.errors import InvalidUsageBatch, UsageBatchTooLarge


def test_what_is_packed_is_unpacked():
    content = random.Random(1).randbytes(100_000) * 3

    assert unpack_gzip(gzip.compress(content)) == content
    assert unpack_gzip(gzip.compress(b"")) == b""


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = gzip.compress(b"\0" * (64 * 2**20), compresslevel=9)
    tracemalloc.start()

    with pytest.raises(UsageBatchTooLarge):
        unpack_gzip(bomb)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # What is unpacked until then, and its parts.
    assert most < 2 * 50 * len(bomb) + 2**20


def test_fifty_to_one_is_the_most():
    packed = gzip.compress(b"a" * 2_000)
    assert 50 * len(packed) < 2_000

    with pytest.raises(UsageBatchTooLarge) as refusal:
        unpack_gzip(packed)

    assert refusal.value.numbers == {"packed": str(len(packed)), "most": str(50 * len(packed))}


DAMAGED = {
    "empty": b"",
    "not packed": b"plain",
    "without its end": gzip.compress(b"half of it")[:-5],
    "half": gzip.compress(b"half of it" * 99)[:20],
    "two files": gzip.compress(b"two") + gzip.compress(b"members"),
    "more behind it": gzip.compress(b"and more") + b"x",
    "another format": zlib.compress(b"no gzip"),
    "another checksum": gzip.compress(b"changed")[:-8] + b"\0" * 8,
}


# A packed file holds the time at which it was made: it is no name for a case.
@pytest.mark.parametrize("packed", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused(packed):
    with pytest.raises(InvalidUsageBatch):
        unpack_gzip(packed)


def test_lines_are_items_and_a_bad_one_keeps_its_place():
    found = read_ndjson(b'{"a":1}\r\n\n  \n{"b":\n[2]\n' + b"x" * (LONGEST_LINE + 1) + b'\n"c"')

    assert [one.why if isinstance(one, BadLine) else one for one in found] == [
        {"a": 1},
        "the line is not JSON",
        [2],
        f"the line is longer than {LONGEST_LINE} bytes",
        "c",
    ]


def test_five_thousand_lines_are_the_most():
    assert len(read_ndjson(b"{}\n" * 5_000)) == 5_000
    with pytest.raises(UsageBatchTooLarge):
        read_ndjson(b"{}\n" * 5_001)


def test_an_item_of_json_is_as_long_as_a_line_at_most():
    fine, long = {"id": "x" * 3_000}, {"id": "x" * 5_000}
    many = {f"name-{number}": 1 for number in range(1_000)}

    first, *others = measure_items([fine, long, many])

    assert first is fine
    assert all(isinstance(one, BadLine) for one in others)
