"""Judgement of the events of a batch by the catalogue and the events on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from gigstream.core import sql
from platforms.catalogue.selectors import creators_at
from platforms.models import Platform
from platforms.usage.calculations.batches import Columns, Refused
from platforms.usage.enums import LIKE_KINDS, Reason, UsageKind
from platforms.usage.services.outcomes import Known, TakenEvents, UsageResult


class _Work(NamedTuple):
    """A work of the platform as a batch meets it."""

    number: int
    id: str
    creator: int
    published_at: datetime
    withdrawn_at: datetime | None
    was_moved: bool


@dataclass(slots=True)
class FoundWorks:
    """The events whose works take them, with the numbers and ids of these and the numbers of those whose
    works they were."""

    columns: Columns
    works: list[int]
    work_ids: list[str]
    creators: list[int]


def judge_works(*, platform_id: UUID, columns: Columns, refused: dict[int, Refused]) -> FoundWorks:
    """Return the events whose works are the platform's and took use at that time; put the others among the
    refused. A work of another platform is as unknown as one that nobody has."""
    works = _read_works(platform_id, columns.works)
    found: list[_Work] = []
    kept: list[int] = []
    for place, (name, at) in enumerate(zip(columns.works, columns.times, strict=True)):
        work = works.get(name)
        if work is None:
            refusal = Refused(Reason.UNKNOWN_WORK, "there is no such work that you may see")
        elif at < work.published_at:
            refusal = Refused(
                Reason.BEFORE_PUBLISHED, f"the work was published on {work.published_at:%Y-%m-%d}"
            )
        elif work.withdrawn_at is not None and at >= work.withdrawn_at:
            refusal = Refused(Reason.WORK_WITHDRAWN, f"withdrawn at {work.withdrawn_at.isoformat()}")
        else:
            found.append(work)
            kept.append(place)
            continue
        refused[columns.positions[place]] = refusal
    if len(kept) < len(columns):
        columns = columns.pick(kept)
    return FoundWorks(
        columns,
        [work.number for work in found],
        [work.id for work in found],
        _creators(found, columns.times),
    )


def _read_works(platform_id: UUID, names: Sequence[str]) -> dict[str, _Work]:
    rows = sql.run("platforms/usage/find_works", platform=platform_id, external_ids=list(set(names)))
    return {
        row["external_id"]: _Work(
            row["number"],
            row["id"],
            row["creator_number"],
            row["published_at"],
            row["withdrawn_at"],
            row["was_moved"],
        )
        for row in rows
    }


def _creators(works: Sequence[_Work], times: Sequence[datetime]) -> list[int]:
    """Return for each work the creator for whom its use counted at that time."""
    creators = [work.creator for work in works]
    moved = [place for place, work in enumerate(works) if work.was_moved]
    if moved:
        at = creators_at([(works[place].number, times[place]) for place in moved])
        for place, creator in zip(moved, at, strict=True):
            if creator is not None:
                creators[place] = creator
    return creators


def read_known(*, platform: Platform, ids: Sequence[str]) -> dict[str, Known]:
    """Return what is on record under those of these ids that are."""
    rows = sql.run("platforms/usage/find_keys", platform=platform.number, ids=sql.array_literal(sorted(ids)))
    return {
        row["external_id"]: Known(row["event_number"], row["occurred_at"], bytes(row["content"]))
        for row in rows
    }


def judge_likes(*, platform: Platform, taken: TakenEvents, result: UsageResult) -> set[int]:
    """Find which likes and unlikes change something, in the order of the batch, and note the pairs that
    change; return the places of those that are on record or refused."""
    columns = taken.columns
    places = [place for place, kind in enumerate(columns.kinds) if kind in LIKE_KINDS]
    known = read_known(platform=platform, ids=[columns.ids[place] for place in places])
    liked_before = _read_likes(taken, places)
    liked, dropped = set(liked_before), set[int]()
    for place in places:
        position, pair = columns.positions[place], (taken.works[place], taken.listeners[place])
        on_record = known.get(columns.ids[place])
        if on_record is not None:
            result.note_known(position, taken.contents[place], on_record)
            dropped.add(place)
        elif (pair in liked) == (columns.kinds[place] == UsageKind.LIKE):
            result.refused[position] = _refuse_like(pair in liked)
            dropped.add(place)
        else:
            liked ^= {pair}
    taken.liked, taken.unliked = sorted(liked - liked_before), sorted(liked_before - liked)
    return dropped


def _refuse_like(is_liked: bool) -> Refused:
    if is_liked:
        return Refused(Reason.ALREADY_LIKED, "the listener likes the work already")
    return Refused(Reason.NOT_LIKED, "the listener does not like the work")


def _read_likes(taken: TakenEvents, places: Sequence[int]) -> set[tuple[int, int]]:
    pairs = sorted({(taken.works[place], taken.listeners[place]) for place in places})
    rows: list[dict[str, Any]] = sql.run(
        "platforms/usage/find_likes", **pair_columns(pairs, "works", "listeners")
    )
    return {(row["work_number"], row["listener_number"]) for row in rows}


def pair_columns(pairs: Sequence[tuple[int, int]], first: str, second: str) -> dict[str, str]:
    """Return the pairs as two arrays of a statement."""
    return {
        first: sql.array_literal([one for one, _ in pairs]),
        second: sql.array_literal([other for _, other in pairs]),
    }
