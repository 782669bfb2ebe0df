"""Bodies that are wrong, sent over real sockets to every operation that takes one: each is refused with a
problem, and nothing moves."""

import re
import socket

import psutil
import pytest

from tests.api.asks import ASKS
from tests.api.operations import operations
from tests.api_client import is_problem
from tests.live import LiveApi
from tests.snapshots import everything

pytestmark = pytest.mark.django_db(transaction=True)

TAKING = sorted(name for name, one in operations().items() if one.method != "GET")
JSON = {"Content-Type": "application/json", "Idempotency-Key": "one"}
LARGEST = 262_144
UNREADABLE = {
    "cut off": b'{"amount": "5"',
    "two values": b"{} {}",
    "a comma too much": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a comment": b"{} // all",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "broken UTF-8": b'{"a": "\xff"}',
    "an overlong form": b'{"a": "\xc0\xaf"}',
    "a null character": b'{"a": "\\u0000"}',
    "a null character in a name": b'{"a\\u0000": 1}',
    "a null byte": b'{"a": "\x00"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "an infinite number": b'{"a": 1e999}',
    "a number of 65 bits": b'{"a": 18446744073709551616}',
    "a number of 65 bits below zero": b'{"a": [-9223372036854775809]}',
    "a number of 5000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a name given twice": b'{"a": 1, "a": 2}',
    "deep nesting": b'{"a": ' + b"[" * 33 + b"]" * 33 + b"}",
    "very deep nesting": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
NO_OBJECT = (b"[]", b'"text"', b"1", b"1e2", b"true", b"null")
NO_JSON = (None, "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data")


def live(web, ask):
    return LiveApi(web.port, ask.api().headers)


@pytest.mark.parametrize("name", TAKING)
def test_a_body_that_cannot_be_read_is_refused(web, name):
    operation, ask = operations()[name], ASKS[name]()
    api, path = live(web, ask), f"/api/v1/{ask.path}"
    before = everything()

    def answer(raw, **headers):
        sent = {header: text for header, text in {**JSON, **headers}.items() if text is not None}
        return api.send(operation.method, path, raw, sent)

    for what, raw in UNREADABLE.items():
        assert is_problem(answer(raw), 400, "malformed_json"), what
    for raw in NO_OBJECT:
        assert is_problem(answer(raw), 400, "invalid_input"), raw
    for kind in NO_JSON:
        assert is_problem(answer(b"{}", **{"Content-Type": kind}), 415, "unsupported_media_type"), kind
    is_problem(answer(b'{"a": "' + b"x" * LARGEST + b'"}'), 413, "body_too_large")
    is_problem(answer(iter([b"{}"]), **{"Transfer-Encoding": "chunked"}), 411, "length_required")
    assert everything() == before


# --- Fields -------------------------------------------------------------------------------------------------

AMOUNTS = (
    *("1.0000001", "NaN", "Infinity", "-1", "0", "-0", "+1", "1_000", "1e3", "1E+400", " 5 ", "", "1.", ".5"),
    *("01", "\u0663", "\uff15", "0x1", "1,5", "9" * 30, 0.1, 5, 1e3, 2**64 - 1),
)


def wrong_values(schema):
    """Values that are not what the schema wants."""
    yield from (None, [], {}) if schema.get("type") not in ("array", "object") else (None, "text", 7)
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string":
        yield from (5, True, 1.5, ["a"], {"a": 1})
        if "maxLength" in schema:
            yield "a" * (schema["maxLength"] + 1)
        if "enum" in schema:
            yield from ("unknown", "", schema["enum"][0].swapcase())
        if schema.get("pattern", "").endswith(r"(\.\d{1,6})?$"):
            yield from AMOUNTS
        if form == "uuid":
            yield from ("7", "", "x" * 36, "0" * 32, "{01900000-0000-7000-8000-000000000000}")
        if form in ("date", "date-time"):
            yield from ("yesterday", "", "2030-13-01T00:00:00Z", "2030-02-30", "1e9", "0000-01-01")
    if kind == "integer":
        yield from ("1", 1.5, True, 1e2, schema.get("minimum", 0) - 1, schema.get("maximum", 2**63) + 1)
    if kind == "boolean":
        yield from ("true", 1, 0)
    if kind == "array":
        yield from ([None] * 10_000, {"a": 1})


@pytest.mark.parametrize("name", TAKING)
def test_a_field_that_is_unknown_or_wrong_is_named(web, name):
    operation, ask = operations()[name], ASKS[name]()
    api, given = live(web, ask), ask.body or {}
    before = everything()

    def pointers(body):
        answer = api.act(operation.method, ask.path, body)
        return [error["pointer"] for error in is_problem(answer, 400, "invalid_input")["errors"]]

    for field in operation.answered - set(operation.form["properties"]):
        assert pointers({**given, field: "x"}) == [f"/{field}"]
    for field in operation.form.get("required", ()):
        assert pointers({key: value for key, value in given.items() if key != field}) == [f"/{field}"]
    for field, schema in operation.form["properties"].items():
        for value in wrong_values(schema):
            found = pointers({**given, field: value})
            assert found, (field, value)
            assert all(pointer.startswith(f"/{field}") for pointer in found), (field, value, found)
    assert everything() == before


# --- Size ---------------------------------------------------------------------------------------------------

HUNDRED_MEGABYTES = 100 * 2**20


def send_as_much_as_is_taken(port, head, size):
    """The answer's first line and body, and how many bytes of the request the server took before."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head)
        try:
            while taken < size:
                taken += client.send(b" " * 65_536)
        except OSError:
            pass  # the server has answered and hung up
        answer = client.makefile("rb").read(4096)
    return answer, taken


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_100_megabytes_are_refused_without_being_read(web, kind):
    api = ASKS["create_deposit"]().api()
    before = everything()
    workers = psutil.Process(web.process.pid).children()
    held = [worker.memory_info().rss for worker in workers]
    head = (
        "POST /api/v1/deposits HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: one\r\n"
        f"Authorization: {api.headers['Authorization']}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {HUNDRED_MEGABYTES}\r\n\r\n"
    )

    answer, taken = send_as_much_as_is_taken(web.port, head.encode(), HUNDRED_MEGABYTES)

    status, code = (413, b"body_too_large") if "json" in kind else (415, b"unsupported_media_type")
    assert re.match(rb"HTTP/1.1 %d " % status, answer), answer
    assert b"application/problem+json" in answer
    assert b'"code":"%s"' % code in answer
    assert taken < HUNDRED_MEGABYTES / 4
    grown = [worker.memory_info().rss - was for worker, was in zip(workers, held, strict=True)]
    assert max(grown) < 20 * 2**20
    assert everything() == before
