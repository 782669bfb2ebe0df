"""Creators with their works, collections and listeners."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from platforms import services as platforms
from platforms.models import (
    Collection,
    CollectionWork,
    CreatorProfile,
    Follow,
    Listener,
    ListenerKey,
    Platform,
    Work,
    WorkMove,
    WorkRate,
)
from platforms.services import Place
from tests.support.api.asks import numbers
from tests.support.creators.catalogue import creator, listener, work
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run, unguard
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory, WorkerFactory

DAY = date(2026, 3, 2)


def _row(model: type[Any]) -> Any:
    return valid_rows.insert(valid_rows.valid(model))


def _key_row() -> ListenerKey:
    platform = PlatformFactory.create()
    listener(platform)
    return ListenerKey.objects.get(platform=platform)


def _listener_row() -> dict[str, Any]:
    key = _key_row()
    return {"platform": key.platform, "key": key, "digest": b"d" * 32, "last_seen_on": DAY}


def _work_row() -> dict[str, Any]:
    of = creator()
    return {
        "platform": of.platform,
        "creator": of,
        "external_id": f"row-{next(numbers)}",
        "title": "Row",
        "kind": "track",
        "published_on": DAY,
        "created_at": AT,
    }


def _collection_row() -> dict[str, Any]:
    of = creator()
    return {"platform": of.platform, "creator": of, "title": "Row", "created_at": AT}


def _move_row() -> dict[str, Any]:
    moved = work()
    return {
        "work": moved,
        "from_creator": creator(moved.platform),
        "to_creator": moved.creator,
        "moved_at": AT,
    }


ROWS = {
    CreatorProfile: lambda: {
        "platform": PlatformFactory.create(),
        "worker": WorkerFactory.create(),
        "status": "pending",
        "display_name": "Row",
        "created_at": AT,
    },
    Work: _work_row,
    WorkRate: lambda: {"work": work(), "rate": Decimal("0.01"), "valid_from": DAY, "created_at": AT},
    WorkMove: _move_row,
    Collection: _collection_row,
    CollectionWork: lambda: {"collection": _row(Collection), "work": work(), "position": 1},
    # Of a platform whose present key is another.
    ListenerKey: lambda: {
        "id": 1_000_000 + next(numbers),
        "platform": PlatformFactory.create(),
        "secret": "ab" * 32,
        "created_at": AT,
    },
    Listener: _listener_row,
    Follow: lambda: {"listener": _row(Listener), "creator": creator(), "since": AT},
}
STATUSES = {
    CreatorProfile: lambda status: {
        "verified_at": AT if status == "verified" else None,
        "closed_at": AT if status == "closed" else None,
    }
}
# A creator by id alone: a check looks at the ids.
SOMEBODY = CreatorProfile(id=UUID(int=7))
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("creator_status_known", CreatorProfile, {"status": "famous"}),
    ("creator_named_until_closed", CreatorProfile, {"display_name": ""}),
    ("creator_name_readable", CreatorProfile, {"display_name": "a\u202eb"}),
    ("creator_token_address_well_formed", CreatorProfile, {"token_address": "0xABC"}),
    ("creator_verified_has_time", CreatorProfile, {"verified_at": AT}),
    ("creator_verified_has_time", CreatorProfile, {"status": "verified"}),
    ("creator_closed_has_time", CreatorProfile, {"status": "closed"}),
    ("creator_closed_has_time", CreatorProfile, {"closed_at": AT}),
    ("work_has_an_external_id", Work, {"external_id": ""}),
    ("work_title_readable", Work, {"title": "a\u202eb"}),
    ("work_kind_known", Work, {"kind": "smell"}),
    ("work_price_positive", Work, {"price": Decimal(0)}),
    ("work_rate_positive", Work, {"rate": Decimal(-1)}),
    ("work_rate_of_a_day_positive", WorkRate, {"rate": Decimal(0)}),
    ("work_moved_to_another_creator", WorkMove, {"from_creator": SOMEBODY, "to_creator": SOMEBODY}),
    ("collection_has_one_owner", Collection, {"creator": None}),
    ("collection_title_readable", Collection, {"title": "a\u202eb"}),
    ("collection_position_from_1", CollectionWork, {"position": 0}),
    ("listener_key_destroyed_as_a_whole", ListenerKey, {"secret": ""}),
    ("listener_key_destroyed_as_a_whole", ListenerKey, {"destroyed_at": AT, "secret": ""}),
    ("listener_key_destroyed_as_a_whole", ListenerKey, {"destroyed_at": AT, "retired_at": AT}),
    ("listener_digest_with_its_key", Listener, {"key": None}),
    ("listener_digest_with_its_key", Listener, {"digest": None}),
    ("listener_digest_is_sha256", Listener, {"digest": b"d" * 31}),
    ("follow_ends_after_it_began", Follow, {"until": AT - timedelta(microseconds=1)}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("creator_once_per_platform", CreatorProfile, ("platform", "worker"), {}),
    ("work_external_id_once_per_platform", Work, ("platform", "external_id"), {}),
    ("work_moved_once_at_a_time", WorkMove, ("work", "moved_at"), {}),
    ("collection_position_once", CollectionWork, ("collection", "position"), {}),
    ("collection_work_once", CollectionWork, ("collection", "work"), {"position": 1}),
    ("listener_key_one_current_per_platform", ListenerKey, ("platform",), {}),
    ("listener_once_per_platform", Listener, ("digest", "key", "platform"), {}),
    ("follow_one_open_per_pair", Follow, ("listener", "creator"), {}),
]


def _sees_its_catalogue_change(platform: Platform) -> None:
    first, second = creator(platform), creator(platform)
    platforms.verify_creator(creator_id=first.pk, now=AT)
    moved = work(first)
    platforms.move_work(work_id=moved.pk, creator_id=second.pk, now=AT)
    platforms.withdraw_work(work_id=moved.pk, now=AT)
    platforms.close_creator(creator_id=first.pk, now=AT)


EVENTS = [_sees_its_catalogue_change]


def _catalogue_of(h: History) -> None:
    """Give both platforms creators, works that were moved and priced, collections and listeners."""
    own, others = creator(h.platform, h.worker, now=h.later()), creator(h.platform, h.other, now=h.later())
    creator(h.rival, h.other, now=h.later())
    platforms.verify_creator(creator_id=own.pk, now=h.later())
    former = creator(h.platform, h.debtor, now=h.later())
    platforms.close_creator(creator_id=former.pk, now=h.later())
    songs = [work(own, now=h.later(), rate="0.01", external_id=f"song-{number}") for number in range(3)]
    platforms.set_work_rate(work_id=songs[0].pk, rate="0.02", now=h.later())
    platforms.move_work(work_id=songs[0].pk, creator_id=others.pk, now=h.later())
    platforms.move_work(work_id=songs[0].pk, creator_id=own.pk, now=h.later())
    platforms.move_work(work_id=songs[1].pk, creator_id=others.pk, now=h.later())
    platforms.withdraw_work(work_id=songs[2].pk, now=h.later())
    places = [Place(songs[0].pk, 2), Place(songs[1].pk, 1)]
    platforms.create_collection(
        platform_id=h.platform.pk, title="Best of", creator_id=own.pk, works=places, now=h.later()
    )
    platforms.create_collection(platform_id=h.platform.pk, title="Mine", listener="fan-1", now=h.later())
    follow: dict[str, Any] = {"platform_id": h.platform.pk, "creator_id": own.pk}
    for name in ("fan-1", "fan-2", "fan-3"):
        platforms.follow_creator(**follow, listener=name, now=h.later())
    platforms.unfollow_creator(**follow, listener="fan-2", now=h.later())
    platforms.erase_listener(platform_id=h.platform.pk, listener="fan-3", now=h.later())


HISTORIES = [_catalogue_of]


@breaks("open_work_has_an_open_creator_of_its_platform")
def a_work_of_another_platforms_creator(h: History) -> None:
    unguard()
    run(
        "UPDATE works SET creator_id = "
        "(SELECT id FROM creator_profiles WHERE platform_id = %s ORDER BY id LIMIT 1)"
        " WHERE external_id = 'song-2'",
        h.rival.pk,
    )


@breaks("open_work_has_an_open_creator_of_its_platform")
def an_open_work_of_a_closed_creator(h: History) -> None:
    run(
        "UPDATE creator_profiles SET status = 'closed', closed_at = created_at WHERE worker_id = %s"
        " AND platform_id = %s",
        h.worker.pk,
        h.platform.pk,
    )


@breaks("work_is_of_the_creator_it_was_moved_to_last")
def a_work_that_was_moved_without_a_move(h: History) -> None:
    run(
        "UPDATE works w SET creator_id = m.from_creator_id FROM work_moves m"
        " WHERE m.work_id = w.id AND w.external_id = 'song-1'"
    )


@breaks("work_is_of_the_creator_it_was_moved_to_last")
def a_move_that_is_missing_in_between(h: History) -> None:
    unguard()
    run(
        "DELETE FROM work_moves WHERE id = (SELECT min(m.id) FROM work_moves m JOIN works w"
        " ON w.id = m.work_id WHERE w.external_id = 'song-0')"
    )
    run(
        "INSERT INTO work_moves (work_id, from_creator_id, to_creator_id, moved_at)"
        " SELECT m.work_id, m.to_creator_id, m.from_creator_id, m.moved_at + interval '1 second'"
        " FROM work_moves m JOIN works w ON w.id = m.work_id WHERE w.external_id = 'song-0'"
    )


@breaks("work_has_the_rate_that_was_set_last")
def a_rate_that_nobody_set(h: History) -> None:
    run("UPDATE works SET rate = 5 WHERE external_id = 'song-0'")


@breaks("collection_positions_are_gapless")
def a_gap_between_the_works_of_a_collection(h: History) -> None:
    run("UPDATE collection_works SET position = 3 WHERE position = 2")


@breaks("collection_positions_are_gapless")
def a_collection_of_another_platform(h: History) -> None:
    run("UPDATE collections SET platform_id = %s WHERE title = 'Best of'", h.rival.pk)


@breaks("follow_is_open_once_per_pair")
def a_follow_that_was_begun_twice(h: History) -> None:
    """Begin it on a day whose followers nobody has counted."""
    unguard()
    run(
        "INSERT INTO follows (listener_id, creator_id, since)"
        " SELECT listener_id, creator_id, since - interval '1 year' FROM follows WHERE until IS NULL LIMIT 1"
    )


@breaks("follow_is_open_once_per_pair")
def a_follow_of_another_platforms_creator(h: History) -> None:
    """Begin it on a day whose followers nobody has counted."""
    run(
        "INSERT INTO follows (listener_id, creator_id, since)"
        " SELECT f.listener_id, c.id, f.since - interval '1 year' FROM follows f, creator_profiles c"
        " WHERE f.until IS NULL AND c.platform_id = %s LIMIT 1",
        h.rival.pk,
    )


@breaks("listener_digest_has_a_usable_key")
def a_digest_without_a_key(h: History) -> None:
    unguard()
    run("UPDATE listeners SET key_id = NULL WHERE id = (SELECT min(id) FROM listeners)")


@breaks("listener_digest_has_a_usable_key")
def a_key_that_was_destroyed_too_soon(h: History) -> None:
    run("UPDATE listener_keys SET destroyed_at = created_at, retired_at = created_at, secret = ''")
