"""Lists by keyset: a page begins where the one before ended, so that it costs the same however far it is."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework import serializers

USUAL, MOST = 20, 100
NEWEST_FIRST = ("-created_at", "-id")
_BOUNDS = {"created_from": "created_at__gte", "created_to": "created_at__lt"}
_SALT = "gigstream.cursor"
_LIMIT = re.compile(r"[1-9]\d{0,2}", re.ASCII)
Value = datetime | UUID | int


def page(
    rows: QuerySet[Any], query: Mapping[str, str], *, order: Sequence[str] = NEWEST_FIRST
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the rows, which are dicts, and the cursor of the next one if there is any.

    `query` may hold `limit` (1 to 100) and `cursor`, an opaque text that only an earlier page of a list in
    the same order gives out. `order` names columns as `order_by` does, which together tell all rows apart;
    the rows hold them. Raises ValidationError for anything else in `query`.
    """
    limit = _limit(query.get("limit"))
    if "cursor" in query:
        rows = rows.filter(_beyond(order, _position(query["cursor"], order)))
    found = list(rows.order_by(*order)[: limit + 1])
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1], order) if more else None


def narrow(
    rows: QuerySet[Any], given: Mapping[str, Any], *, columns: Mapping[str, str] | None = None
) -> QuerySet[Any]:
    """The rows whose columns have the values that the query string gives; `created_from` and `created_to`
    bound the time they were made, the second one excluded. `columns` says what other names stand for."""
    known = _BOUNDS | dict(columns or {})
    return rows.filter(**{known.get(name, name): value for name, value in given.items()})


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not _LIMIT.fullmatch(text) or int(text) > MOST:
        raise serializers.ValidationError({"limit": f"must be a whole number from 1 to {MOST}"})
    return int(text)


def _beyond(order: Sequence[str], position: Sequence[Value]) -> Q:
    """What comes after the row with these values: beyond it in one column, and like it in those before."""
    beyond, like = Q(), dict[str, Value]()
    for name, value in zip(order, position, strict=True):
        column = name.removeprefix("-")
        beyond |= Q(**like, **{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        like[column] = value
    return beyond


def _cursor(row: Mapping[str, Any], order: Sequence[str]) -> str:
    return signing.dumps([_text(row[name.removeprefix("-")]) for name in order], salt=_salt(order))


def _text(value: Value) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _position(text: str, order: Sequence[str]) -> list[Value]:
    try:
        return [_value(part) for part in signing.loads(text, salt=_salt(order))]
    except signing.BadSignature as error:
        raise serializers.ValidationError({"cursor": "is not one that this list has given out"}) from error


def _value(text: str) -> Value:
    if text.isdigit():
        return int(text)
    return datetime.fromisoformat(text) if "T" in text else UUID(text)


def _salt(order: Sequence[str]) -> str:
    """A cursor is good for lists in one order only."""
    return f"{_SALT}:{','.join(order)}"
