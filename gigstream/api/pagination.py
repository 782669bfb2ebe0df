"""Keyset pagination: a page begins at the end of the page before, so that every page costs the same."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework import serializers

from gigstream.core.postgres.short_numbers import Reference, reference_is

USUAL, MOST = 20, 100
NEWEST_FIRST = ("-created_at", "-id")
_BOUNDS = {"created_from": "created_at__gte", "created_to": "created_at__lt"}
_SALT = "gigstream.cursor"
_LIMIT = re.compile(r"[1-9]\d{0,2}", re.ASCII)
Value = datetime | UUID | int


def read_page(
    rows: QuerySet[Any], query: Mapping[str, str], *, order: Sequence[str] = NEWEST_FIRST
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the rows, which are dicts, and the cursor of the next page, or None on the last.

    `query` may hold `limit` (1 to 100) and `cursor`, an opaque text from an earlier page of a list in the
    same order. `order` names columns as `order_by` does; together they are unique, and the rows contain them.
    Raise ValidationError for other values of `limit` and `cursor`.
    """
    limit = _read_limit(query.get("limit"))
    if "cursor" in query:
        rows = rows.filter(_rows_after(order, _read_cursor(query["cursor"], order)))
    found = list(rows.order_by(*order)[: limit + 1])
    more = len(found) > limit
    return found[:limit], _make_cursor(found[limit - 1], order) if more else None


def require_page(query: Mapping[str, str], *, order: Sequence[str] = NEWEST_FIRST) -> None:
    """Raise ValidationError for a `limit` or `cursor` that `read_page` would refuse, where the response has
    all rows."""
    _read_limit(query.get("limit"))
    if "cursor" in query:
        _read_cursor(query["cursor"], order)


def narrow_rows(
    rows: QuerySet[Any], given: Mapping[str, Any], *, columns: Mapping[str, str] | None = None
) -> QuerySet[Any]:
    """Filter the rows by the columns and values of the query string; `created_from` (included) and
    `created_to` (excluded) bound the time of creation. `columns` maps other names to columns."""
    known = _BOUNDS | dict(columns or {})
    for name, value in given.items():
        column = known.get(name, name)
        is_reference = isinstance(value, Reference)
        rows = rows.filter(reference_is(value, column) if is_reference else Q(**{column: value}))
    return rows


def _read_limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not _LIMIT.fullmatch(text) or int(text) > MOST:
        raise serializers.ValidationError({"limit": f"must be a whole number from 1 to {MOST}"})
    return int(text)


def _rows_after(order: Sequence[str], position: Sequence[Value]) -> Q:
    """Return the condition for rows after the row with these values: beyond it in a column, and equal to it
    in the columns before."""
    beyond, like = Q(), dict[str, Value]()
    for name, value in zip(order, position, strict=True):
        column = name.removeprefix("-")
        beyond |= Q(**like, **{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        like[column] = value
    return beyond


def _make_cursor(row: Mapping[str, Any], order: Sequence[str]) -> str:
    return signing.dumps(
        [_value_text(row[name.removeprefix("-")]) for name in order], salt=_cursor_salt(order)
    )


def _value_text(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read_cursor(text: str, order: Sequence[str]) -> list[Value]:
    try:
        return [_parse_value(part) for part in signing.loads(text, salt=_cursor_salt(order))]
    except signing.BadSignature as error:
        raise serializers.ValidationError({"cursor": "is not a cursor of this list"}) from error


def _parse_value(text: str) -> Value:
    if text.isdigit():
        return int(text)
    return datetime.fromisoformat(text) if "T" in text else UUID(text)


def _cursor_salt(order: Sequence[str]) -> str:
    """Return the salt of cursors in this order: a cursor is valid only for lists in its own order."""
    return f"{_SALT}:{','.join(order)}"
