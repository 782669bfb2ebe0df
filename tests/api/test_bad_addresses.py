"""Wrong addresses, methods and parameters, sent over real sockets: each is refused with a problem, and
nothing moves."""

import re
from itertools import product
from urllib.parse import quote

import pytest

from tests.support.api.client import is_problem
from tests.support.api.operations import operations
from tests.support.database.snapshots import everything
from tests.support.long_forms import share, spread

NAMING = sorted(name for name, one in operations().items() if one.names_a_row)
READING = sorted(name for name, one in operations().items() if one.method == "GET")
LISTS = [name for name in READING if "cursor" in operations()[name].parameters]
# Texts unlike any key, id or number, as they stand in an address.
NO_ID = (
    *("no-id", "%00", "%ff%fe", "%0d%0aX-Injected:%201", "..%2f..%2fadmin", "%252e", "'%20OR%201=1--", "{}"),
    *("01900000-0000-7000-8000-000000000000", "-1", "1.5", "9" * 40, "a" * 2000, "%EF%BC%91", "null"),
)

# A refused act is on record.
REFUSALS = ("audit_logs",)


def with_ids(template, path):
    """Return the places of the ids in this path."""
    pattern = re.sub(r"\{\w+\}", "([^/]+)", template)
    found = re.fullmatch(pattern, f"/api/v1/{path}")
    assert found, path
    return [found.span(number) for number in range(1, found.re.groups + 1)]


@pytest.mark.parametrize("name", spread(NAMING, of="ids", one_in=18))
@pytest.mark.shortened
def test_an_id_of_no_form_or_of_nothing_is_not_there(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    whole = f"/api/v1/{ask.path}"
    before = everything(besides=REFUSALS)

    for start, end in with_ids(operation.path, ask.path):
        for text in share(NO_ID, of=f"{name}{start}", one_in=4):
            path = (whole[:start] + text + whole[end:]).removeprefix("/api/v1/")
            answer = api.act(operation.method, path, ask.body)
            # A milestone's number may be read and refused because it is not the next.
            if not (whole[start:end].isdigit() and answer.status_code == 409):
                assert is_problem(answer, 404, "not_found"), path
    others = (f"{ask.path}/", f"{ask.path}/x", ask.path.upper(), f"/{ask.path}", f"{ask.path}%20")
    for path in share(others, of=name, one_in=3):
        assert is_problem(api.act(operation.method, path, ask.body), 404, "not_found"), path
    assert everything(besides=REFUSALS) == before


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "BREW")


@pytest.mark.parametrize("name", spread(sorted(operations()), of="methods", one_in=24))
@pytest.mark.shortened
def test_a_method_that_an_address_has_not_is_refused_with_those_it_has(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    has = {one.method for one in operations().values() if one.path == operation.path}
    before = everything()

    for method in share([one for one in METHODS if one not in has], of=name, one_in=3):
        answer = api.act(method, ask.path, ask.body) if method != "GET" else api.get(ask.path)
        assert is_problem(answer, 405, "method_not_allowed"), method
        assert has <= set(answer["Allow"].split(", "))
        assert method not in answer["Allow"].split(", ")
    assert everything() == before


# --- Parameters ---------------------------------------------------------------------------------------------


def wrong_texts(schema):
    """Texts that the parameter cannot be."""
    yield from ("", "%00", "a" * 2000)
    if "enum" in schema:
        yield from ("unknown", str(schema["enum"][0]).upper())
    if schema.get("type") == "integer":
        yield from ("-1", "1.5", "1e2", "+1", "x", "%EF%BC%91", "9" * 30, "0000000000199999", "0x1", "NaN")
    if schema.get("format") == "uuid":
        yield from ("7", "x" * 36, "01900000-0000-7000-8000-00000000000%00")
    if schema.get("format") in ("date", "date-time"):
        yield from ("yesterday", "2030-13-01", "2030-02-30T00:00:00Z", "1e9", "0000-01-01", "2030-W01-1")


@pytest.mark.parametrize("name", spread(READING, of="parameters", one_in=18))
@pytest.mark.shortened
def test_a_parameter_that_is_unknown_or_wrong_is_named(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    before = everything()

    def pointers(query):
        answer = api.get(f"{ask.path}?{query}")
        return [error["pointer"] for error in is_problem(answer, 400, "invalid_input")["errors"]]

    assert pointers("page=1") == ["/page"]
    assert pointers("dry_run=true") == ["/dry_run"]
    assert pointers("%00=1") == ["/\x00"]
    assert pointers("__class__=1&id__gt=0") == ["/__class__", "/id__gt"]
    for parameter, schema in operation.parameters.items():
        if "{" + parameter + "}" in operation.path:
            continue
        assert pointers(f"{parameter}=1&{parameter}=1") == [f"/{parameter}"]
        for text in share(wrong_texts(schema), of=name + parameter, one_in=3):
            assert pointers(f"{parameter}={text}") == [f"/{parameter}"], (parameter, text)
    assert api.send("HEAD", f"/api/v1/{ask.path}").status_code == 200
    assert everything() == before


DATED = {
    name: dated
    for name in READING
    if (
        dated := [
            (parameter, schema["format"])
            for parameter, schema in operations()[name].parameters.items()
            if schema.get("format") in ("date", "date-time")
        ]
    )
}


@pytest.mark.parametrize("name", DATED)
def test_the_ends_of_the_calendar_are_answered_or_refused(asked, name):
    ask, api = asked(name)
    days = ("0001-01-01", "0001-01-25", "9999-12-31")
    forms = {
        "date": days,
        "date-time": [f"{day}T{time}Z" for day, time in product(days, ("00:00:00", "23:59:59"))],
    }

    for parameter, form in DATED[name]:
        for text in forms[form]:
            answer = api.get(f"{ask.path}?{parameter}={text}")
            assert answer.status_code == 200 or is_problem(answer, 400, "invalid_input"), (parameter, text)
    for text in days:
        every = "&".join(f"{parameter}={forms[form][days.index(text)]}" for parameter, form in DATED[name])
        answer = api.get(f"{ask.path}?{every}")
        assert answer.status_code == 200 or is_problem(answer, 400, "invalid_input"), every


@pytest.mark.parametrize(
    "name", spread(sorted(set(operations()) - set(READING)), of="parameters of others", one_in=24)
)
@pytest.mark.shortened
def test_an_act_takes_no_parameter_but_a_rehearsal(asked, name):
    operation, (ask, api) = operations()[name], asked(name)
    before = everything()

    queries = ["page=1", "dry_run=1", "dry_run=True", "dry_run=", "dry_run=true&dry_run=true", "key=%00"]
    without = [] if operation.moves_money else ["dry_run=true"]
    for query in share(queries, of=name, one_in=3) + without:
        answer = api.act(operation.method, f"{ask.path}?{query}", ask.body)
        assert is_problem(answer, 400, "invalid_input"), query
    assert everything() == before


def next_of(asked, name):
    """Return the cursor of the list's second page, if there is a second, also of a list inside a larger
    answer."""
    ask, api = asked(name)
    body = api.get(f"{ask.path}?limit=1").json()
    pages = [body, *(part for part in body.values() if isinstance(part, dict))]
    return next((page["next"] for page in pages if page.get("next")), None)


@pytest.mark.parametrize("name", spread(LISTS, of="lists", one_in=6))
@pytest.mark.shortened
def test_a_cursor_that_was_tampered_with_is_refused(asked, name):
    ask, api = asked(name)
    cursors = (next_of(asked, one) for one in (name, "list_tasks", "list_my_transactions"))
    cursor = next(text for text in cursors if text)
    payload, stamp, signature = cursor.split(":")

    wrong = (
        *(cursor[:-1], cursor + "A", cursor[::-1], f"{payload}:{stamp}:{'A' * len(signature)}"),
        *(f"{payload[:-2]}:{stamp}:{signature}", f"{payload}:{stamp}", f"{payload}:{stamp}:", "::", "é"),
        *(f".{cursor}", "W10:1:x", "null", "0", "../../etc/passwd"),
    )
    for text in share(wrong, of=name, one_in=3):
        answer = api.get(f"{ask.path}?cursor={quote(text)}")
        assert [one["pointer"] for one in is_problem(answer, 400, "invalid_input")["errors"]] == ["/cursor"]


@pytest.mark.shortened
def test_a_cursor_of_another_list_is_a_position_or_refused(asked):
    cursors = [cursor for cursor in (next_of(asked, name) for name in LISTS) if cursor]
    assert len(cursors) > 3

    for name in LISTS:
        ask, api = asked(name)
        for cursor in share(cursors, of=name, one_in=3):
            answer = api.get(f"{ask.path}?cursor={quote(cursor)}")
            assert answer.status_code == 200 or is_problem(answer, 400, "invalid_input")


# --- Where a webhook may not be -----------------------------------------------------------------------------

FORBIDDEN = (
    *(
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://",
        "",
    ),
    *(
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
    ),
    *("https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/"),
    *("https://user:pass@hooks.example.com/", "https://hooks.example.com\\@10.0.0.1/", "https://localhost/"),
    *(
        "https://hooks.example.com /",
        "https://hooks\u3002example.com/",
        "javascript:alert(1)",
        "//example.com",
    ),
    *("https://hooks.example.com/" + "a" * 500, "file:///etc/passwd", "https://\uff11\uff10.0.0.1/"),
)


def test_a_webhook_on_a_forbidden_address_is_refused(asked):
    _, api = asked("set_webhook")
    before = everything(besides=REFUSALS)

    for url in FORBIDDEN:
        answer = api.act("PUT", "webhook", {"url": url})
        code = answer.json()["code"]
        assert code in ("invalid_webhook_url", "invalid_input"), url
        is_problem(answer, 400, code)
    assert everything(besides=REFUSALS) == before
