"""Questions about platforms and their keys."""

import hmac
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from gigstream.lib import sql
from gigstream.lib.clock import DatabaseNow
from gigstream.lib.models import plain_columns
from platforms.models import ApiKey, Platform
from platforms.services.parties import hash_key

_KEY = re.compile(r"gs_(?:live|test)_(?P<prefix>[0-9a-z]{4,16})_[A-Za-z0-9_-]{20,}", re.ASCII)
_PAYMENT_RECORD = sql.load(Path(__file__).resolve().parent / "sql" / "payment_record.sql")
_KEY_COLUMNS = plain_columns(ApiKey)
_PLATFORM_COLUMNS = plain_columns(Platform)


def _at_this_moment(platform_id: UUID) -> QuerySet[Platform, tuple[object, ...]]:
    platform = Platform.objects.locked().filter(pk=platform_id).annotate(asked_at=DatabaseNow())
    return platform.values_list("asked_at", *_PLATFORM_COLUMNS)


_MOMENT = sql.RowQuestion(_at_this_moment, platform_id=UUID(int=1))


def lock_platform_and_time(platform_id: UUID) -> tuple[Platform, datetime]:
    """Lock the platform and return it as it is, and the database's time. Raises Platform.DoesNotExist."""
    for asked_at, *row in _MOMENT.ask(platform_id=platform_id):
        return Platform.from_db(None, _PLATFORM_COLUMNS, row), asked_at
    raise Platform.DoesNotExist


def _with_prefix(prefix: str) -> QuerySet[ApiKey, tuple[object, ...]]:
    """The key, its platform, and the database's time."""
    of_platform = (f"platform__{name}" for name in _PLATFORM_COLUMNS)
    keys = ApiKey.objects.filter(prefix=prefix).annotate(now=DatabaseNow())
    return keys.values_list("now", *_KEY_COLUMNS, *of_platform)


_PREFIX = sql.RowQuestion(_with_prefix, prefix="a prefix")


def usable_key(text: str, now: datetime | None = None) -> ApiKey | None:
    """The key, with its platform, that this text is now, by the database's time, or at `now`; None for a
    wrong, revoked or expired one."""
    shape = _KEY.fullmatch(text)
    found = shape and _PREFIX.ask(prefix=shape["prefix"])
    if not found:
        return None
    asked_at, *row = found[0]
    key = ApiKey.from_db(None, _KEY_COLUMNS, row[: len(_KEY_COLUMNS)])
    if not hmac.compare_digest(key.secret_hash, hash_key(text)):
        return None
    key.asked_at = now or asked_at
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= key.asked_at):
        return None
    key.platform = Platform.from_db(None, _PLATFORM_COLUMNS, row[len(_KEY_COLUMNS) :])
    return key if key.platform.deleted_at is None else None


def payment_record(platform_id: UUID, *, newest: int) -> dict[str, Any]:
    """How the platform has dealt with its newest tasks: how many there are, were completed, cancelled and
    ever disputed, and the seconds from start to approval (median and 95th percentile, None without any)."""
    (row,) = sql.rows(_PAYMENT_RECORD, {"platform": platform_id, "newest": newest})
    return row
