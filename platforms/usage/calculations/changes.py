"""Changes of the sums of a day: what ingest, corrections and milestones hand on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageChange:
    """Addition to the sums of a creator's day, below 0 where it was taken back. `creator` is a number."""

    creator: int
    day: date
    plays: int
    listeners: int
    likes: int
    comments: int
    shares: int
    seconds: int
    purchases: int
    sales: Decimal
    tips: Decimal

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "UsageChange":
        """Return the change that a statement has answered as JSON, with amounts as texts."""
        return cls(
            creator=row["creator_number"],
            day=date.fromisoformat(row["day"]),
            plays=row["plays"],
            listeners=row["listeners"],
            likes=row["likes"],
            comments=row["comments"],
            shares=row["shares"],
            seconds=row["seconds"],
            purchases=row["purchases"],
            sales=Decimal(row["sales"]),
            tips=Decimal(row["tips"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowersChange:
    """Followers that a creator gained and lost on a day. `creator` is a number."""

    creator: int
    day: date
    gained: int
    lost: int


def differences_as_json(
    changes: Iterable[UsageChange], pay: Mapping[tuple[int, date], Decimal], ids: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return what changed by creator and day, with the difference of their pay, for people and programs: what
    stays the same is left out. `ids` are the creators' ids by their numbers."""
    names = [one.name for one in fields(UsageChange) if one.name not in ("creator", "day")]
    moved: dict[tuple[int, date], dict[str, Any]] = {}
    for change in changes:
        moved[change.creator, change.day] = {
            name: _as_json(getattr(change, name)) for name in names if getattr(change, name)
        }
    for day, amount in pay.items():
        if amount:
            moved.setdefault(day, {})["pay"] = _as_json(amount)
    return [
        {"creator_id": ids[creator], "day": day.isoformat(), **values}
        for (creator, day), values in moved.items()
        if values
    ]


def _as_json(value: int | Decimal) -> int | str:
    return f"{value:.6f}" if isinstance(value, Decimal) else value
