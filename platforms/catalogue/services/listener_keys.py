"""Keys of listeners: made with a platform's first listener, retired by a rotation, destroyed 13 months
later."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.encryption import has_first_key, number_rows
from gigstream.core.postgres.transactions import share_lock, wait_for_lock
from gigstream.core.unit import in_unit
from platforms.models import ListenerKey

SECRET_BYTES = 32
DESTROYED_AT_ONCE = 10_000


def keys_in_use(*, platform_id: UUID, now: datetime) -> list[ListenerKey]:
    """Return the platform's keys that were not destroyed, the present one first and made now if there is
    none. Until the transaction ends no key is retired or destroyed."""
    keys = read_keys(platform_id=platform_id)
    if not keys or keys[0].retired_at is not None:
        _make_key(platform_id, now)
        keys = read_keys(platform_id=platform_id)
    return keys


def _lock_name(platform_id: UUID) -> str:
    return f"listener keys {platform_id}"


def read_keys(*, platform_id: UUID) -> list[ListenerKey]:
    """Return the platform's keys that were not destroyed, the newest first. Until the transaction ends none
    is retired or destroyed."""
    share_lock(_lock_name(platform_id))
    return list(ListenerKey.objects.usable().filter(platform=platform_id).order_by("-pk"))


def _make_key(platform_id: UUID, now: datetime) -> None:
    """Make the platform's present key, unless another transaction has made it meanwhile."""
    key = ListenerKey(platform_id=platform_id, secret=secrets.token_hex(SECRET_BYTES), created_at=now)
    number_rows([key])
    ListenerKey.objects.bulk_create([key], ignore_conflicts=True)


def rotate_listener_keys(*, now: datetime | None = None) -> int:
    """Retire each present key of listeners whose secret is not encrypted with the first key of the settings,
    and make another in its place; return how many. Whom the platform names again moves to the new key."""
    now = now or database_now()
    platform_ids = ListenerKey.objects.current().order_by("platform").values_list("platform", flat=True)
    return sum(_rotate_key(platform_id, now) for platform_id in list(platform_ids))


@in_unit
def _rotate_key(platform_id: UUID, now: datetime) -> bool:
    wait_for_lock(_lock_name(platform_id))
    key = ListenerKey.objects.current().filter(platform=platform_id).first()
    if key is None or has_first_key(key, "secret"):
        return False
    _retire_key(key, now)
    _make_key(platform_id, now)
    return True


def _retire_key(key: ListenerKey, now: datetime) -> None:
    key.retired_at = now
    key.save(update_fields=["retired_at"])
    audit.record("listener_key.retire", key, metadata={"platform": key.platform_id}, now=now)


def destroy_listener_keys(*, now: datetime | None = None) -> int:
    """Take their digests from the listeners who were not seen since their key was retired 13 months ago, and
    destroy these keys; return how many listeners nobody knows any more."""
    now = now or database_now()
    keys = sql.run("platforms/catalogue/keys_to_destroy", now=now)
    return sum(_destroy_key(row["platform_id"], row["id"], now) for row in keys)


def _destroy_key(platform_id: UUID, key_id: int, now: datetime) -> int:
    """Forget the listeners of the key in batches, each in a transaction of its own, then destroy it."""
    forgotten = 0
    while True:
        count = _forget_batch(platform_id, key_id)
        forgotten += count
        if count < DESTROYED_AT_ONCE:
            break
    _end_key(platform_id, key_id, now)
    return forgotten


@in_unit
def _forget_batch(platform_id: UUID, key_id: int) -> int:
    """Take key and digest from the next listeners of the key; return how many they were."""
    return len(
        sql.run(
            "platforms/catalogue/forget_listeners", platform=platform_id, key=key_id, most=DESTROYED_AT_ONCE
        )
    )


@in_unit
def _end_key(platform_id: UUID, key_id: int, now: datetime) -> None:
    wait_for_lock(_lock_name(platform_id))
    key = ListenerKey.objects.locked().get(pk=key_id)
    if key.destroyed_at is None:
        _erase_secrets([key], now)


def _erase_secrets(keys: Sequence[ListenerKey], now: datetime) -> None:
    for key in keys:
        key.secret, key.destroyed_at = "", now
        key.retired_at = key.retired_at or now
        key.save(update_fields=["secret", "destroyed_at", "retired_at"])
        audit.record("listener_key.destroy", key, metadata={"platform": key.platform_id}, now=now)


def forget_listeners_of_platform(*, platform_id: UUID, now: datetime) -> None:
    """Destroy the keys of a platform that leaves, and take the digests from its listeners."""
    wait_for_lock(_lock_name(platform_id))
    keys = list(ListenerKey.objects.usable().filter(platform=platform_id).locked())
    for key in keys:
        while _forget_batch(platform_id, key.pk) == DESTROYED_AT_ONCE:
            pass
    _erase_secrets(keys, now)
