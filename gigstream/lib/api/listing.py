"""Lists by keyset: newest first on (created_at, id), so that a page costs the same however far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework import serializers

USUAL, MOST = 20, 100
_SALT = "gigstream.cursor"


def page(rows: QuerySet[Any, Any], query: Mapping[str, str]) -> tuple[list[Any], str | None]:
    """One page of the rows, and the cursor of the next one if there is any.

    `query` may hold `limit` (1 to 100) and `cursor`, an opaque text that only an earlier page gives out.
    Raises ValidationError for anything else in them.
    """
    limit = _limit(query.get("limit"))
    if "cursor" in query:
        at, key = _position(query["cursor"])
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    found = list(rows.order_by("-created_at", "-pk")[: limit + 1])
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1]) if more else None


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise serializers.ValidationError({"limit": f"must be a whole number from 1 to {MOST}"})
    return int(text)


def _cursor(row: Any) -> str:
    at, key = (row["created_at"], row["id"]) if isinstance(row, dict) else (row.created_at, row.pk)
    return signing.dumps([at.isoformat(), str(key)], salt=_SALT)


def _position(text: str) -> tuple[datetime, UUID | int]:
    try:
        at, key = signing.loads(text, salt=_SALT)
    except signing.BadSignature as error:
        raise serializers.ValidationError({"cursor": "is not one that this list has given out"}) from error
    return datetime.fromisoformat(at), int(key) if key.isdigit() else UUID(key)
