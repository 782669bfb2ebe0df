"""Requests about usage, and ways to meet its refusals."""

import gzip
from datetime import datetime, timedelta
from typing import Any

from gigstream.core.clock import database_now
from platforms.models import UsageArchive, UsageFinding, Work
from platforms.services import EventRef
from platforms.usage import finality
from tests.support.api.asks import Ask, numbers, request_for
from tests.support.api.client import Api
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, have_months, void
from tests.support.database import valid_rows
from tests.support.factories import PlatformFactory


def _song() -> Work:
    """Return a work whose use may be reported now."""
    now = database_now()
    have_months(now)
    platform = PlatformFactory.create(now=now - timedelta(days=2))
    of = creator(platform, now=now - timedelta(days=2))
    return work(of, now=now - timedelta(days=2))


def _played(count: int = 1) -> tuple[Work, list[EventRef]]:
    """Return a work that was played a minute ago, with the events."""
    song, now = _song(), database_now()
    at = now - timedelta(minutes=1)
    plays = [event(song, at=at, listener=f"fan-{number}") for number in range(count)]
    return song, accepted(song.platform, *plays, now=now)


def _finding() -> UsageFinding:
    song, refs = _played()
    found: UsageFinding = UsageFinding.unguarded.create(
        creator=song.creator,
        day=refs[0].occurred_at.date(),
        kind="burst",
        threshold=1,
        plays=1,
        found_at=database_now(),
    )
    return found


def _as_body(ref: EventRef, **more: Any) -> dict[str, Any]:
    return {"number": ref.number, "occurred_at": ref.occurred_at.isoformat(), **more}


def _for(*refs: EventRef, reason: str = "counted twice", **more: Any) -> dict[str, Any]:
    return {"reason": reason, "events": [_as_body(ref, **more) for ref in refs]}


def _minutes_ago(minutes: int) -> datetime:
    return database_now() - timedelta(minutes=minutes)


@request_for("report_usage")
def _() -> Ask:
    song = _song()
    bodies = [{"events": [event(song, at=_minutes_ago(2))]} for _ in range(2)]
    first, second = bodies
    return Ask(song.platform, "usage", first, second)


@request_for("list_usage_corrections")
def _() -> Ask:
    song, refs = _played()
    void(song.platform, *refs, now=database_now())
    return Ask(song.platform, "usage/corrections")


@request_for("get_usage_correction")
def _() -> Ask:
    song, refs = _played()
    made = void(song.platform, *refs, now=database_now())
    return Ask(song.platform, f"usage/corrections/{made.pk}")


@request_for("void_usage")
def _() -> Ask:
    song, (first, second) = _played(2)
    return Ask(song.platform, "usage/corrections/void", _for(first), _for(second))


@request_for("amend_usage")
def _() -> Ask:
    song, (first, second) = _played(2)
    return Ask(song.platform, "usage/corrections/amend", _for(first, seconds=30), _for(second, seconds=30))


@request_for("backfill_usage")
def _() -> Ask:
    song = _song()
    bodies = [{"reason": "an outage", "events": [event(song, at=_minutes_ago(3))]} for _ in range(2)]
    first, second = bodies
    return Ask(song.platform, "usage/corrections/backfill", first, second)


@request_for("revert_usage_correction")
def _() -> Ask:
    song, refs = _played()
    made = void(song.platform, *refs, now=database_now())
    return Ask(
        song.platform,
        f"usage/corrections/{made.pk}/revert",
        {"reason": "it was right"},
        {"reason": "it was right after all"},
    )


@request_for("list_usage_days")
def _() -> Ask:
    return Ask(_played()[0].platform, "usage/days")


@request_for("list_work_days")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.platform, f"works/{song.pk}/days")


@request_for("list_creator_days")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.platform, f"creators/{song.creator_id}/days")


@request_for("get_creator_score")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.platform, f"creators/{song.creator_id}/score")


@request_for("list_usage_receipts")
def _() -> Ask:
    return Ask(_played()[0].platform, "usage/receipts")


@request_for("get_usage_receipt")
def _() -> Ask:
    return Ask(_played()[0].platform, "usage/receipts/1")


@request_for("prove_usage_event")
def _() -> Ask:
    song, refs = _played(3)
    return Ask(song.platform, f"usage/events/{refs[1].number}/proof")


@request_for("list_usage_keys")
def _() -> Ask:
    _played()
    return Ask(None, "usage/keys")


@request_for("list_my_usage_days")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.creator.worker, f"me/creators/{song.creator_id}/days")


@request_for("get_my_score")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.creator.worker, f"me/creators/{song.creator_id}/score")


@request_for("list_my_left_out_usage")
def _() -> Ask:
    found = _finding()
    return Ask(found.creator.worker, f"me/creators/{found.creator.pk}/left-out")


@request_for("contest_my_left_out_usage")
def _() -> Ask:
    found = _finding()
    return Ask(
        found.creator.worker,
        f"me/creators/{found.creator.pk}/left-out/{found.pk}/contest",
        {"contest": f"a concert {next(numbers)}"},
        {"contest": "a wedding"},
    )


@request_for("list_my_work_days")
def _() -> Ask:
    song, _ = _played()
    return Ask(song.creator.worker, f"me/works/{song.pk}/days")


@request_for("prove_my_usage_event")
def _() -> Ask:
    song, refs = _played(2)
    path = f"me/creators/{song.creator_id}/usage/{refs[0].number}/proof"
    return Ask(song.creator.worker, path)


def _songs_platform(g: Any) -> Work:
    have_months(g.now)
    return work(creator(g.platform, g.worker, now=g.now), now=g.now)


def _played_of(g: Any) -> tuple[Work, list[EventRef]]:
    song = _songs_platform(g)
    return song, accepted(g.platform, event(song, at=g.now), now=g.now)


def _raw(g: Any, content: bytes, kind: str, **headers: str) -> Any:
    return g.api.client.generic(
        "POST", "/api/v1/usage", content, content_type=kind, headers={**g.api.headers, **headers}
    )


def _void(g: Any, refs: list[EventRef]) -> Any:
    return g.api.post("usage/corrections/void", _for(*refs))


def _meet_corrected(g: Any) -> Any:
    _, refs = _played_of(g)
    void(g.platform, *refs, now=g.now)
    return _void(g, refs)


def _meet_reverted(g: Any) -> Any:
    _, refs = _played_of(g)
    made = void(g.platform, *refs, now=g.now)
    path = f"usage/corrections/{made.pk}/revert"
    g.api.post(path, {"reason": "it was right"})
    return g.api.post(path, {"reason": "it was right"})


def _meet_final(g: Any) -> Any:
    _, refs = _played_of(g)

    def find_all(days: Any) -> Any:
        return list(days)

    finality.register(find_all)
    try:
        return _void(g, refs)
    finally:
        finality.unregister(find_all)


def _meet_archived(g: Any) -> Any:
    _, refs = _played_of(g)
    month = refs[0].occurred_at.date().replace(day=1)
    valid_rows.insert(valid_rows.valid(UsageArchive, month=month))
    return _void(g, refs)


def _meet_like(g: Any) -> Any:
    song = _songs_platform(g)
    return _void(g, accepted(g.platform, event(song, "like", at=g.now), now=g.now))


def _contest(g: Any, words: str, **columns: Any) -> Any:
    made = creator(g.platform, g.worker, now=g.now)
    found = valid_rows.insert(valid_rows.valid(UsageFinding, creator=made, **columns))
    return Api.as_worker(made.worker).post(
        f"me/creators/{made.pk}/left-out/{found.pk}/contest", {"contest": words}
    )


def _meet_decided(g: Any) -> Any:
    decided = {"status": "dismissed", "decided_at": g.now, "decided_by": "staff:4", "reason": "a concert"}
    return _contest(g, "a concert", **decided)


CODES = {
    ("invalid_usage_batch", 400): lambda g: _raw(
        g, gzip.compress(b"{}")[:-3], "application/x-ndjson", **{"Content-Encoding": "gzip"}
    ),
    ("usage_batch_too_large", 413): lambda g: _raw(g, b"{}\n" * 5_001, "application/x-ndjson"),
    ("usage_event_corrected", 409): _meet_corrected,
    ("correction_reverted", 409): _meet_reverted,
    ("period_final", 409): _meet_final,
    ("period_archived", 409): _meet_archived,
    ("invalid_correction", 422): _meet_like,
    ("finding_not_open", 409): _meet_decided,
    ("invalid_contest", 422): lambda g: _contest(g, " "),
}
