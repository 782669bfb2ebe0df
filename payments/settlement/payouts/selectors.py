"""Contents of payouts: the earnings that they carry, and the platforms' parts in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gigstream.core import sql
from payments.models import LedgerEntry, Transaction


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """Amount of an earning that a payout carries."""

    entry: LedgerEntry
    amount: Decimal


class PayoutParts(list[PayoutPart]):
    """Oldest parts that a payout covers, up to the requested number, of `total`."""

    total: int = 0


@dataclass(frozen=True, slots=True)
class PlatformPart:
    """A platform's part in a payout: its sum, its number of tasks, and the first of them."""

    payout: Transaction
    platform_id: UUID
    amount: Decimal
    task_count: int
    tasks: list[dict[str, Any]]


# The most tasks that an event, or a row of a list, names; the API lists all.
MOST_NAMED_TASKS = 20


# A payout of a stream that ran for a month before it covers 43,200 releases.
MOST_PARTS = 1_000


def payout_parts(payout_id: UUID, *, most: int = MOST_PARTS) -> PayoutParts:
    """Return the earnings that the payout covers, oldest first, at most `most`; all of them add up to the
    payout's amount."""
    rows = sql.run("payments/settlement/payouts/payout_parts", payout=payout_id, most=most)
    entries = LedgerEntry.objects.in_bulk([row["entry_id"] for row in rows])
    parts = PayoutParts(PayoutPart(entries[row["entry_id"]], row["amount"]) for row in rows)
    parts.total = rows[0]["total"] if rows else 0
    return parts


def platform_payouts(
    payouts: Sequence[Transaction], *, platform_id: UUID | None = None
) -> list[PlatformPart]:
    """Return the parts of all platforms (or of this platform) in these payouts, in the order of the payouts
    and of the platforms' ids, by a single statement."""
    if not payouts:
        return []
    by_id = {payout.pk: payout for payout in payouts}
    filters = {"payouts": list(by_id), "platform": platform_id, "most": MOST_NAMED_TASKS}
    rows = sql.run("payments/settlement/payouts/platform_payouts", **filters)
    return [
        PlatformPart(
            by_id[row["payout_id"]],
            row["platform_id"],
            row["amount"],
            row["task_count"],
            [_with_time(task) for task in row["tasks"]],
        )
        for row in rows
    ]


def _with_time(task: dict[str, Any]) -> dict[str, Any]:
    """Return the task with its time as a datetime: PostgreSQL has a form of its own for times in JSON."""
    paid_out_at = task["paid_out_at"]
    return {**task, "paid_out_at": paid_out_at and datetime.fromisoformat(paid_out_at)}
