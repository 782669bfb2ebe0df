"""Listeners: found or made by a platform's ids, in batches, and erased."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from platforms.catalogue.calculations import LONGEST_LISTENER, day_of, digest_of
from platforms.catalogue.errors import InvalidListenerId
from platforms.catalogue.services.listener_keys import keys_in_use, read_keys
from platforms.models import ListenerKey


def require_listener_id(*, external_id: str) -> None:
    """Raise InvalidListenerId unless the text is an id that a platform may give a listener."""
    refusal = find_listener_refusal(external_id=external_id)
    if refusal is not None:
        raise refusal


def find_listener_refusal(*, external_id: str) -> InvalidListenerId | None:
    """Return the refusal of a platform's id of a listener, None for an id that is accepted."""
    length = len(external_id)
    if not 1 <= length <= LONGEST_LISTENER or not external_id.strip():
        return InvalidListenerId(
            f"a listener's id has 1 to {LONGEST_LISTENER} characters, not {length} or blanks alone",
            length=length,
            longest=LONGEST_LISTENER,
        )
    if not external_id.isascii() and any("\ud800" <= letter <= "\udfff" for letter in external_id):
        return InvalidListenerId("a listener's id contains half of a surrogate pair")
    return None


@in_unit
def resolve_listeners(
    *, platform_id: UUID, external_ids: Iterable[str], now: datetime | None = None
) -> dict[str, int]:
    """Return the listener of each of the platform's ids, made where there is none, as seen today; one
    statement for any number.

    Ids that are refused (`find_listener_refusal`) are left out. A person who was known under a former key
    moves to the present one.
    """
    wanted = [one for one in dict.fromkeys(external_ids) if find_listener_refusal(external_id=one) is None]
    if not wanted:
        return {}
    now = now or database_now()
    keys = keys_in_use(platform_id=platform_id, now=now)
    (row,) = sql.run(
        "platforms/catalogue/resolve_listeners",
        platform=platform_id,
        key=keys[0].pk,
        former_keys=[key.pk for key in keys[1:]],
        # In one value: the driver takes far longer to write down an array of thousands.
        digests=b"".join(digest for key in keys for digest in _digests(wanted, key)),
        count=len(wanted),
        today=day_of(now),
    )
    return dict(zip(wanted, row["ids"], strict=True))


@in_unit
def lock_listener(*, platform_id: UUID, external_id: str, now: datetime) -> int:
    """Return the platform's listener of this id, made where there is none, who is not erased until the
    transaction ends."""
    while True:
        found = resolve_listeners(platform_id=platform_id, external_ids=[external_id], now=now)
        # Between the two statements the listener may have been erased: then the same id is somebody new.
        if sql.run("platforms/catalogue/rely_on_listener", listener=found[external_id]):
            return found[external_id]


def find_listeners(*, platform_id: UUID, external_id: str) -> list[int]:
    """Return the ids of the rows of the platform's listener of this id: one, or none for a stranger."""
    keys = read_keys(platform_id=platform_id)
    rows = sql.run(
        "platforms/catalogue/find_listeners",
        platform=platform_id,
        keys=[key.pk for key in keys],
        digests=[digest for key in keys for digest in _digests([external_id], key)],
    )
    return [row["id"] for row in rows]


def _digests(external_ids: Sequence[str], key: ListenerKey) -> list[bytes]:
    secret = bytes.fromhex(key.secret)
    return [digest_of(one, secret) for one in external_ids]
