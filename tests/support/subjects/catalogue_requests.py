"""Requests about the catalogue, and ways to meet its refusals."""

from datetime import timedelta
from typing import Any

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import Collection, CreatorProfile, Platform, Work
from tests.support.api.asks import Ask, numbers, request_for
from tests.support.creators.catalogue import creator, listener, work
from tests.support.factories import PlatformFactory, WorkerFactory, consent


def _now_creator(platform: Platform | None = None) -> CreatorProfile:
    now = database_now()
    return creator(platform or PlatformFactory.create(now=now), now=now)


def _now_work() -> Work:
    return work(_now_creator(), now=database_now())


def _collection() -> Collection:
    of = _now_creator()
    return platforms.create_collection(platform_id=of.platform_id, title="Album", creator_id=of.pk)


@request_for("list_creators")
def _() -> Ask:
    return Ask(_now_creator().platform, "creators")


@request_for("create_creator")
def _() -> Ask:
    now = database_now()
    platform, workers = PlatformFactory.create(now=now), [WorkerFactory.create(now=now) for _ in range(2)]
    for one in workers:
        consent(platform, one, now=now)
    first, second = ({"worker_id": str(one.pk), "display_name": "The Band"} for one in workers)
    return Ask(platform, "creators", first, second)


@request_for("get_creator")
def _() -> Ask:
    made = _now_creator()
    return Ask(made.platform, f"creators/{made.pk}")


@request_for("change_creator")
def _() -> Ask:
    made = _now_creator()
    address = f"0x{(1 << 40) + next(numbers):040x}"
    return Ask(
        made.platform,
        f"creators/{made.pk}",
        {"display_name": "The Old Band", "metrics_address": address},
        {"display_name": "The New Band"},
    )


@request_for("verify_creator")
def _() -> Ask:
    made = _now_creator()
    return Ask(made.platform, f"creators/{made.pk}/verify", {})


@request_for("close_creator")
def _() -> Ask:
    made = _now_creator()
    return Ask(made.platform, f"creators/{made.pk}/close", {"reason": "they stopped"}, {})


@request_for("list_follows")
def _() -> Ask:
    made = _now_creator()
    platforms.follow_creator(platform_id=made.platform_id, creator_id=made.pk, listener="fan")
    return Ask(made.platform, f"creators/{made.pk}/follows")


@request_for("follow_creator")
def _() -> Ask:
    made = _now_creator()
    first, second = ({"listener": name, "creator_id": str(made.pk)} for name in ("fan", "friend"))
    return Ask(made.platform, "follows", first, second)


@request_for("unfollow_creator")
def _() -> Ask:
    made = _now_creator()
    for name in ("fan", "friend"):
        platforms.follow_creator(platform_id=made.platform_id, creator_id=made.pk, listener=name)
    first, second = ({"listener": name, "creator_id": str(made.pk)} for name in ("fan", "friend"))
    return Ask(made.platform, "follows/end", first, second)


@request_for("erase_listener")
def _() -> Ask:
    platform = PlatformFactory.create(now=database_now())
    for name in ("fan", "friend"):
        listener(platform, name, now=database_now())
    return Ask(platform, "listeners/erase", {"listener": "fan"}, {"listener": "friend"})


@request_for("list_works")
def _() -> Ask:
    return Ask(_now_work().platform, "works")


@request_for("publish_work")
def _() -> Ask:
    made = _now_creator()
    body = {"creator_id": str(made.pk), "title": "A Song", "kind": "track", "rate": "0.01"}
    first, second = ({**body, "external_id": f"work-{next(numbers)}"} for _ in range(2))
    return Ask(made.platform, "works", first, second)


@request_for("get_work")
def _() -> Ask:
    made = _now_work()
    return Ask(made.platform, f"works/{made.pk}")


@request_for("change_work")
def _() -> Ask:
    made = _now_work()
    return Ask(made.platform, f"works/{made.pk}", {"title": "A Better Song"}, {"content_id": "bafy"})


@request_for("set_work_price")
def _() -> Ask:
    made = _now_work()
    return Ask(made.platform, f"works/{made.pk}/price", {"price": "1.50"}, {"price": None})


@request_for("set_work_rate")
def _() -> Ask:
    made = _now_work()
    return Ask(made.platform, f"works/{made.pk}/rate", {"rate": "0.003"}, {"rate": "0.004"})


@request_for("move_work")
def _() -> Ask:
    made = _now_work()
    first, second = ({"creator_id": str(_now_creator(made.platform).pk)} for _ in range(2))
    return Ask(made.platform, f"works/{made.pk}/move", first, second)


@request_for("withdraw_work")
def _() -> Ask:
    made = _now_work()
    return Ask(made.platform, f"works/{made.pk}/withdraw", {})


@request_for("list_collections")
def _() -> Ask:
    return Ask(_collection().platform, "collections")


@request_for("create_collection")
def _() -> Ask:
    made = _now_work()
    works = [{"work_id": str(made.pk), "position": 1}]
    return Ask(
        made.platform,
        "collections",
        {"title": "Album", "creator_id": str(made.creator_id), "works": works},
        {"title": "For the train", "listener": "fan", "works": works},
    )


@request_for("get_collection")
def _() -> Ask:
    made = _collection()
    return Ask(made.platform, f"collections/{made.pk}")


@request_for("change_collection")
def _() -> Ask:
    made = _collection()
    return Ask(made.platform, f"collections/{made.pk}", {"title": "Singles"}, {"works": []})


@request_for("delete_collection")
def _() -> Ask:
    made = _collection()
    return Ask(made.platform, f"collections/{made.pk}/delete", {})


@request_for("list_my_creators")
def _() -> Ask:
    return Ask(_now_creator().worker, "me/creators")


@request_for("list_my_works")
def _() -> Ask:
    return Ask(_now_work().creator.worker, "me/works")


# --- Codes of refusals --------------------------------------------------------------------------------------
def _closed(g: Any) -> CreatorProfile:
    made = creator(g.platform, g.worker, now=g.now)
    return platforms.close_creator(creator_id=made.pk, now=g.now)


def _meet_creator_exists(g: Any) -> Any:
    creator(g.platform, g.worker, now=g.now)
    return g.api.post("creators", {"worker_id": str(g.worker.pk), "display_name": "Again"})


def _song(g: Any, **given: Any) -> Work:
    return work(creator(g.platform, g.worker, now=g.now), now=g.now, **given)


def _meet_id_taken(g: Any) -> Any:
    made = _song(g)
    return g.api.post(
        "works",
        {
            "creator_id": str(made.creator_id),
            "external_id": made.external_id,
            "title": "Copy",
            "kind": "track",
        },
    )


def _meet_withdrawn(g: Any) -> Any:
    made = platforms.withdraw_work(work_id=_song(g).pk, now=g.now)
    return g.api.post(f"works/{made.pk}/price", {"price": "1"})


def _meet_not_moved(g: Any) -> Any:
    made = _song(g)
    return g.api.post(f"works/{made.pk}/move", {"creator_id": str(made.creator_id)})


def _meet_future(g: Any) -> Any:
    of = creator(g.platform, g.worker, now=g.now)
    day = (g.now + timedelta(days=2)).date().isoformat()
    return g.api.post(
        "works",
        {
            "creator_id": str(of.pk),
            "external_id": "1",
            "title": "Soon",
            "kind": "track",
            "published_on": day,
        },
    )


def _meet_positions(g: Any) -> Any:
    made = _song(g)
    works = [{"work_id": str(made.pk), "position": 2}]
    return g.api.post("collections", {"title": "Gap", "creator_id": str(made.creator_id), "works": works})


def _follow(g: Any, *, times: int) -> Any:
    of = creator(g.platform, g.worker, now=g.now)
    body = {"listener": "fan", "creator_id": str(of.pk)}
    return [g.api.post("follows", body) for _ in range(times)][-1]


def _meet_not_following(g: Any) -> Any:
    of = creator(g.platform, g.worker, now=g.now)
    return g.api.post("follows/end", {"listener": "fan", "creator_id": str(of.pk)})


CODES = {
    ("creator_exists", 409): _meet_creator_exists,
    ("creator_closed", 409): lambda g: g.api.post(f"creators/{_closed(g).pk}/verify", {}),
    ("work_external_id_taken", 409): _meet_id_taken,
    ("work_withdrawn", 409): _meet_withdrawn,
    ("work_not_moved", 409): _meet_not_moved,
    ("invalid_publication_day", 422): _meet_future,
    ("invalid_positions", 422): _meet_positions,
    ("collection_has_one_owner", 422): lambda g: g.api.post("collections", {"title": "Nobody's"}),
    ("invalid_listener_id", 422): lambda g: g.api.post("listeners/erase", {"listener": "  "}),
    ("already_following", 409): lambda g: _follow(g, times=2),
    ("not_following", 409): _meet_not_following,
}
