"""Booking of points: entries are added, and the balances of their workers and owners follow."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.unit import in_unit
from reputation.models import PointsBalance, PointsEntry
from reputation.points.enums import PointsKind
from reputation.points.errors import NotEnoughPoints
from reputation.points.services.leaderboards import refresh_after_commit
from workers.models import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoints:
    """Points to book. `platform_id` is the owner's, None for the house; an amount below zero takes points.

    The entry is of an event of a quest, or reverses another, which two members of staff have signed; an entry
    of neither closes a balance.
    """

    worker_id: UUID
    platform_id: UUID | None
    amount: int
    reason: str
    quest_event_id: int | None = None
    reverses_id: int | None = None
    requested_by: str = ""
    approved_by: str = ""

    @property
    def kind(self) -> PointsKind:
        if self.quest_event_id is not None:
            return PointsKind.GRANT
        return PointsKind.CLOSING if self.reverses_id is None else PointsKind.REVERSAL


@in_unit
def book_points(entries: Sequence[NewPoints], *, now: datetime) -> list[PointsEntry]:
    """Book the entries in their order, all or none, and return them; three statements for any number.

    An event that has its entry already gets no other: that entry is returned. The balances stay locked until
    the transaction ends; the caller records why the points moved. Raises NotEnoughPoints.
    """
    if not entries:
        return []
    owners = [(entry.worker_id, entry.platform_id) for entry in entries]
    lock_balances(owners, now=now)
    given = [
        {"position": position, "kind": entry.kind, **asdict(entry)} for position, entry in enumerate(entries)
    ]
    rows = sql.run("reputation/points/book_points", entries=Jsonb(audit.jsonable(given)), now=now)
    booked = [_entry_of(row) for row in rows]
    refresh_after_commit(booked)
    return booked


def lock_balances(
    owners: Sequence[tuple[UUID, UUID | None]], *, now: datetime
) -> dict[tuple[UUID, UUID | None], int]:
    """Lock the balances of these pairs of worker and platform, made where they are missing; return them."""
    columns = {
        "workers": [worker_id for worker_id, _ in owners],
        "platforms": [platform_id for _, platform_id in owners],
    }
    sql.run("reputation/points/make_balances", **columns, now=now)
    # A statement of its own: it sees all that earlier holders of the rows have committed.
    rows = sql.run("reputation/points/lock_balances", **columns)
    return {(row["worker_id"], row["platform_id"]): row["balance"] for row in rows}


def _entry_of(row: dict[str, Any]) -> PointsEntry:
    names = [field.attname for field in PointsEntry._meta.concrete_fields]
    entry = PointsEntry.from_db(connection.alias, names, [row[name] for name in names])
    if row["is_overdrawn"]:
        balance = entry.balance_after - entry.amount
        raise NotEnoughPoints(
            f"points available {balance}, to be taken {-entry.amount}", balance=balance, taken=-entry.amount
        )
    return entry


@in_unit
def close_points(*, worker: Worker, now: datetime) -> list[PointsEntry]:
    """End all points of a worker who leaves, whose row is locked; return the closing entries."""
    owners = PointsBalance.objects.filter(worker=worker).values_list("worker_id", "platform_id")
    balances = lock_balances(list(owners), now=now)
    closing = [
        NewPoints(
            worker_id=worker_id, platform_id=platform_id, amount=-balance, reason="The account was closed."
        )
        for (worker_id, platform_id), balance in balances.items()
        if balance
    ]
    closed = book_points(closing, now=now)
    # The boards of past periods as well, which no longer list the worker.
    refresh_after_commit(PointsEntry.objects.filter(worker=worker))
    if closed:
        audit.record("points.close", worker, metadata={"entries": len(closed)}, now=now)
    return closed
