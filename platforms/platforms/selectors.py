"""Look-ups of platforms and their keys, each with the database's time."""

import hmac
import re
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from gigstream.core import sql
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import plain_columns
from platforms.models import ApiKey, Platform
from platforms.platforms.calculations import hash_key

_KEY = re.compile(r"gs_(?:live|test)_(?P<prefix>[0-9a-z]{4,16})_[A-Za-z0-9_-]{20,}", re.ASCII)


_KEY_COLUMNS = plain_columns(ApiKey)


_PLATFORM_COLUMNS = plain_columns(Platform)


def _at_this_moment(platform_id: UUID) -> QuerySet[Platform, tuple[object, ...]]:
    platform = Platform.objects.locked().filter(pk=platform_id).annotate(as_of=DatabaseNow())
    return platform.values_list("as_of", *_PLATFORM_COLUMNS)


_MOMENT = sql.CompiledRows(_at_this_moment, platform_id=UUID(int=1))


def lock_platform_and_time(platform_id: UUID) -> tuple[Platform, datetime]:
    """Lock the platform; return it and the database's time. Raises Platform.DoesNotExist."""
    for as_of, *row in _MOMENT.fetch(platform_id=platform_id):
        return Platform.from_db(None, _PLATFORM_COLUMNS, row), as_of
    raise Platform.DoesNotExist


def _with_prefix(prefix: str) -> QuerySet[ApiKey, tuple[object, ...]]:
    """Return the key, its platform, and the database's time."""
    of_platform = (f"platform__{name}" for name in _PLATFORM_COLUMNS)
    keys = ApiKey.objects.filter(prefix=prefix).annotate(now=DatabaseNow())
    return keys.values_list("now", *_KEY_COLUMNS, *of_platform)


_PREFIX = sql.CompiledRows(_with_prefix, prefix="a prefix")


def find_usable_key(text: str, now: datetime | None = None) -> ApiKey | None:
    """Return the key of this text with its platform, or None if it is unknown, revoked, or expired by the
    database's time or `now`."""
    shape = _KEY.fullmatch(text)
    found = shape and _PREFIX.fetch(prefix=shape["prefix"])
    if not found:
        return None
    as_of, *row = found[0]
    key = ApiKey.from_db(None, _KEY_COLUMNS, row[: len(_KEY_COLUMNS)])
    if not hmac.compare_digest(key.secret_hash, hash_key(text)):
        return None
    key.as_of = now or as_of
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= key.as_of):
        return None
    key.platform = Platform.from_db(None, _PLATFORM_COLUMNS, row[len(_KEY_COLUMNS) :])
    return key if key.platform.deleted_at is None else None
