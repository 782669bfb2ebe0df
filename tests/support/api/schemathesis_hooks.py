"""Hooks of Schemathesis: requests are about rows that exist, and keep rules that no description can
express."""

import json
import os
import re
import zlib
from typing import Any
from urllib.parse import urlencode

import schemathesis
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from schemathesis import GenerationMode

OWN_PREFIX = os.environ["FUZZ_PLATFORM_KEY"].split("_")[2]
# Ids by the name that they have in addresses and bodies.
IDS: dict[str, list[str]] = json.loads(os.environ["FUZZ_IDS"])
# Gunicorn reads 4094 bytes of an address; beyond, it answers by itself, and the API is not called.
LONGEST_QUERY = 3500
_RESERVED = re.compile(rf"@(.+\.)?({'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})$", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def known(name: str, value: Any) -> Any:
    """Return, for three of four made-up ids, the id of a row that exists, always the same."""
    if name not in IDS or not isinstance(value, str):
        return value
    number = zlib.crc32(value.encode())
    if not _UUID.fullmatch(value) or value in IDS[name] or number % 4 == 0:
        return value
    return IDS[name][number // 4 % len(IDS[name])]


def with_known_ids(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {inner: with_known_ids(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [with_known_ids(one, name) for one in value]
    return known(name, value)


def as_numbers_are(value: Any) -> Any:
    """JSON Schema calls 60.0 an integer, here it is written 60; and knows no end, which here is 64 bits."""
    if isinstance(value, dict):
        return {name: as_numbers_are(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_numbers_are(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not value.is_integer():
        return value
    return max(-(2**63), min(int(value), 2**64 - 1))


def to_public_domains(value: Any) -> Any:
    """Replace reserved domains: an address under a reserved name has a valid form, and no letter reaches
    it (RFC 6761)."""
    if isinstance(value, dict):
        return {name: to_public_domains(one) for name, one in value.items()}
    if isinstance(value, list):
        return [to_public_domains(one) for one in value]
    if isinstance(value, str) and _RESERVED.search(value):
        return f"{value}.com"
    return value


@schemathesis.serializer("application/x-ndjson")
def lines_of(context: Any, value: Any) -> bytes:
    """Return a body with an item of the list in each line."""
    items = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(one) for one in items).encode()


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    return len(urlencode(query or {}, doseq=True)) <= LONGEST_QUERY


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Put rows that exist into the case."""
    path = case.path_parameters or {}
    for name, value in path.items():
        path[name] = known(name, value)
    if path.get("prefix") == OWN_PREFIX:
        # With the key that it calls with revoked, everything after would be refused.
        path["prefix"] = IDS["prefix"][0]
    if isinstance(case.body, dict | list):
        case.body = with_known_ids(case.body)
    query = case.query or {}
    for name, value in list(query.items()):
        query[name] = known(name, value)
    headers = {name.lower() for name in case.headers or {}}
    if "dry_run" in query and "idempotency-key" not in headers:
        # Only a rehearsal needs no key.
        del query["dry_run"]
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        # Cursors are signed: none can be made up.
        query.pop("cursor", None)
        if isinstance(case.body, dict | list):
            case.body = to_public_domains(as_numbers_are(case.body))
        for name, value in list(query.items()):
            query[name] = to_public_domains(value)
