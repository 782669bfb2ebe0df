"""Lists by keyset: newest first on a time and a key, so that a page costs the same however far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework import serializers

USUAL, MOST = 20, 100
ORDER = ("created_at", "id")
_BOUNDS = {"created_from": "created_at__gte", "created_to": "created_at__lt"}
_SALT = "gigstream.cursor"


def page(
    rows: QuerySet[Any], query: Mapping[str, str], *, order: tuple[str, str] = ORDER
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the rows, which are dicts, and the cursor of the next one if there is any.

    `query` may hold `limit` (1 to 100) and `cursor`, an opaque text that only an earlier page gives out.
    `order` names a time and a key that tells rows of one time apart; the rows hold both. Raises
    ValidationError for anything else in `query`.
    """
    limit = _limit(query.get("limit"))
    time, key = order
    if "cursor" in query:
        at, last = _position(query["cursor"])
        rows = rows.filter(Q(**{f"{time}__lt": at}) | Q(**{time: at, f"{key}__lt": last}))
    found = list(newest(rows, order=order)[: limit + 1])
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1], order) if more else None


def newest(rows: QuerySet[Any], *, order: tuple[str, str] = ORDER) -> QuerySet[Any]:
    """The rows as lists have them."""
    time, key = order
    return rows.order_by(f"-{time}", f"-{key}")


def narrow(rows: QuerySet[Any], given: Mapping[str, Any]) -> QuerySet[Any]:
    """The rows whose columns have the values that the query string gives; `created_from` and `created_to`
    bound the time they were made, the second one excluded."""
    return rows.filter(**{_BOUNDS.get(name, name): value for name, value in given.items()})


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise serializers.ValidationError({"limit": f"must be a whole number from 1 to {MOST}"})
    return int(text)


def _cursor(row: Mapping[str, Any], order: tuple[str, str]) -> str:
    at, key = (row[name] for name in order)
    return signing.dumps([at.isoformat(), str(key)], salt=_SALT)


def _position(text: str) -> tuple[datetime, UUID | int]:
    try:
        at, key = signing.loads(text, salt=_SALT)
    except signing.BadSignature as error:
        raise serializers.ValidationError({"cursor": "is not one that this list has given out"}) from error
    return datetime.fromisoformat(at), int(key) if key.isdigit() else UUID(key)
