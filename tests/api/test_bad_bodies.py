"""Wrong bodies, sent over real sockets to every operation that takes a body: each is refused with a
problem, and nothing moves."""

import re
import socket

import psutil
import pytest

from gigstream.api.schema.openapi import AMOUNT_ABOVE_ZERO, AMOUNT_OR_ZERO
from platforms import services as platforms
from tests.support.api.client import is_problem
from tests.support.api.operations import operations
from tests.support.creators.catalogue import creator
from tests.support.database.snapshots import everything
from tests.support.long_forms import share, spread

TAKING = sorted(name for name, one in operations().items() if one.method != "GET")
JSON = {"Content-Type": "application/json", "Idempotency-Key": "one"}
LARGEST = 262_144
# An image in base64, and batches of events.
LARGEST_OF = {
    "submit_my_image": 7_000_000,
    **dict.fromkeys(("report_usage", "amend_usage", "backfill_usage", "void_usage"), 4 * 2**20),
}
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


@pytest.mark.parametrize("name", spread(TAKING, of="bodies", one_in=12))
@pytest.mark.shortened
def test_a_body_that_cannot_be_read_is_refused(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    path = f"/api/v1/{ask.path}"
    before = everything()

    def answer(raw, **headers):
        sent = {header: text for header, text in {**JSON, **headers}.items() if text is not None}
        return api.send(operation.method, path, raw, sent)

    for what, raw in share(UNREADABLE.items(), of=name, one_in=4):
        assert is_problem(answer(raw), 400, "malformed_json"), what
    for raw in share(NO_OBJECT, of=name, one_in=3):
        assert is_problem(answer(raw), 400, "invalid_input"), raw
    for kind in share(NO_JSON, of=name, one_in=3):
        assert is_problem(answer(b"{}", **{"Content-Type": kind}), 415, "unsupported_media_type"), kind
    is_problem(answer(b'{"a": "' + b"x" * LARGEST_OF.get(name, LARGEST) + b'"}'), 413, "body_too_large")
    is_problem(answer(iter([b"{}"]), **{"Transfer-Encoding": "chunked"}), 411, "length_required")
    assert everything() == before


# --- Fields -------------------------------------------------------------------------------------------------

AMOUNTS = (
    *("1.0000001", "NaN", "Infinity", "-1", "0", "-0", "+1", "1_000", "1e3", "1E+400", " 5 ", "", "1.", ".5"),
    *("01", "\u0663", "\uff15", "0x1", "1,5", "9" * 30, 0.1, 5, 1e3, 2**64 - 1),
)


# Terms of a quest that may be without a value; null is refused in every other field.
TERMS = {"ends_at", "limit_per_worker", "limit_total", "starts_at"}
NULLABLE = {(name, field) for name in ("create_quest", "change_quest") for field in TERMS} | {
    # A work without a price is free, one without a rate pays nothing.
    ("publish_work", "price"),
    ("publish_work", "rate"),
    ("set_work_price", "price"),
    ("set_work_rate", "rate"),
}


def types_of(schema):
    """Return the types that the schema allows, `null` among them."""
    given = schema.get("type", ())
    return {given} if isinstance(given, str) else set(given)


def wrong_values(schema):
    """Return values that the schema refuses."""
    allowed = types_of(schema)
    kind, form = next(iter(allowed - {"null"}), None), schema.get("format")
    yield from () if "null" in allowed else (None,)
    yield from ("text", 7) if kind in ("array", "object") else ([], {})
    if kind == "string":
        yield from (5, True, 1.5, ["a"], {"a": 1})
        if "maxLength" in schema:
            yield "a" * (schema["maxLength"] + 1)
        if "enum" in schema:
            yield from ("unknown", "", schema["enum"][0].swapcase())
        if schema.get("pattern") in (AMOUNT_OR_ZERO, AMOUNT_ABOVE_ZERO):
            is_zero_allowed = schema["pattern"] == AMOUNT_OR_ZERO
            yield from (amount for amount in AMOUNTS if amount != "0" or not is_zero_allowed)
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


def test_null_is_allowed_in_the_terms_that_may_be_missing_alone():
    allowed = {
        (name, field)
        for name in TAKING
        for field, schema in operations()[name].form["properties"].items()
        if "null" in types_of(schema)
    }

    assert allowed == NULLABLE


@pytest.mark.parametrize("name", spread(TAKING, of="bodies", one_in=12))
@pytest.mark.shortened
def test_a_field_that_is_unknown_or_wrong_is_named(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    given = ask.body or {}
    before = everything()

    def pointers(body):
        answer = api.act(operation.method, ask.path, body)
        return [error["pointer"] for error in is_problem(answer, 400, "invalid_input")["errors"]]

    for field in operation.answered - set(operation.form["properties"]):
        assert pointers({**given, field: "x"}) == [f"/{field}"]
    for field in operation.form.get("required", ()):
        assert pointers({key: value for key, value in given.items() if key != field}) == [f"/{field}"]
    for field, schema in operation.form["properties"].items():
        for value in share(wrong_values(schema), of=name + field, one_in=3):
            found = pointers({**given, field: value})
            assert found, (field, value)
            assert all(pointer.startswith(f"/{field}") for pointer in found), (field, value, found)
    assert everything() == before


# --- Size ---------------------------------------------------------------------------------------------------

HUNDRED_MEGABYTES = 100 * 2**20


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["metrics_address", "token_address"])
def test_a_wrong_address_is_refused_before_the_state_of_its_owner(platform, api, name):
    band = creator(platform)
    platforms.close_creator(creator_id=band.pk)

    for wrong in ("0x1", "\U000aedf8\u00aa"):
        assert is_problem(api.patch(f"creators/{band.pk}", {name: wrong}), 400, "invalid_address")
    assert is_problem(api.patch(f"creators/{band.pk}", {name: ""}), 409, "creator_closed")


def send_as_much_as_is_taken(port, head, size):
    """Return the answer's first line and body, and the number of bytes of the request that the server took
    before."""
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
def test_100_megabytes_are_refused_without_being_read(asked, web, kind):
    _, api = asked("create_deposit")
    # The server answers once its workers are there.
    api.get("balance")
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
