"""Questions about money."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from gigstream.lib import sql
from gigstream.lib.money import ZERO
from payments.models import LedgerEntry, Stream, Transaction

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """How much of one earning a payout carries."""

    entry: LedgerEntry
    amount: Decimal


class PayoutParts(list[PayoutPart]):
    """The oldest parts that a payout covers, at most as many as were asked for, of `total`."""

    total: int = 0


@dataclass(frozen=True, slots=True)
class PlatformPart:
    """One platform's part in a payout: its sum, how many tasks it is for, and the first of them."""

    payout: Transaction
    platform_id: UUID
    amount: Decimal
    task_count: int
    tasks: list[dict[str, Any]]


# How many tasks an event, or a row of a list, names; the API lists all.
MOST_NAMED_TASKS = 20

# A payout of a stream that ran for a month without one covers 43,200 releases.
MOST_PARTS = 1_000


def payout_parts(payout_id: UUID, *, most: int = MOST_PARTS) -> PayoutParts:
    """Return the earnings that the payout covers, oldest first, at most `most`; all of them add up to the
    payout's amount."""
    rows = sql.rows(sql.load(_SQL / "payout_parts.sql"), {"payout": payout_id, "most": most})
    entries = LedgerEntry.objects.in_bulk([row["entry_id"] for row in rows])
    parts = PayoutParts(PayoutPart(entries[row["entry_id"]], row["amount"]) for row in rows)
    parts.total = rows[0]["total"] if rows else 0
    return parts


def platform_payouts(
    payouts: Sequence[Transaction], *, platform_id: UUID | None = None
) -> list[PlatformPart]:
    """Return what each platform (or only this one) has in each of these payouts, in the order of the payouts
    and of the platforms' ids, by one statement."""
    if not payouts:
        return []
    by_id = {payout.pk: payout for payout in payouts}
    asked = {"payouts": list(by_id), "platform": platform_id, "most": MOST_NAMED_TASKS}
    rows = sql.rows(sql.load(_SQL / "platform_payouts.sql"), asked)
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
    """The task with its time as a time: the database writes times in JSON as no other place does."""
    paid_out_at = task["paid_out_at"]
    return {**task, "paid_out_at": paid_out_at and datetime.fromisoformat(paid_out_at)}


def platform_balance(platform_id: UUID, now: datetime) -> dict[str, Any]:
    """What the platform has available and in escrow, what open streams have yet to release and release in an
    hour, and for how many days `available` lasts at the average of the last seven. Amounts in USDC."""
    (row,) = sql.rows(sql.load(_SQL / "platform_balance.sql"), {"platform": platform_id, "now": now})
    spent = row["posted_per_day"]
    return {**row, "runway_days": f"{row['available'] / spent:.1f}" if spent else None}


def platform_days(platform_id: UUID, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The platform's transactions made from `start` until before `end`, by UTC day, type and status, the
    newest day first. `daily_transaction_summary` sums over all platforms and cannot be narrowed to one."""
    made = Transaction.objects.filter(platform=platform_id, created_at__gte=start, created_at__lt=end)
    days: Any = made.annotate(day=TruncDate("created_at")).values("day", "type", "status")
    summed = days.annotate(transactions=Count("id"), total_amount=Sum("amount"))
    return list(summed.order_by("-day", "type", "status"))


def daily_earnings(worker_ids: Collection[UUID], *, now: datetime, days: int) -> dict[UUID, list[Decimal]]:
    """What each worker has earned (earnings, releases and rewards, before repayments) on each day of 24
    hours, counted back from `now`, the oldest first: at most `days` of them, and none before that of the
    worker's first earning. Days without pay are 0; who never earned is left out. One statement, in USDC."""
    found: dict[UUID, dict[int, Decimal]] = {}
    asked = {"workers": list(worker_ids), "now": now, "days": days}
    for row in sql.rows(sql.load(_SQL / "daily_earnings.sql"), asked):
        found.setdefault(row["worker_id"], {})[row["days_ago"]] = row["amount"]
    return {
        worker_id: [amounts.get(ago, ZERO) for ago in range(min(max(amounts), days - 1), -1, -1)]
        for worker_id, amounts in found.items()
    }


def earnings_by_payer(
    worker_ids: Collection[UUID], *, now: datetime, days: int
) -> dict[UUID, dict[UUID, dict[int, Decimal]]]:
    """What each worker has been paid for work (earnings and releases, before repayments) by each platform, by
    how many days of 24 hours before `now`; all that is older than `days` stands at `days`. USDC."""
    found: dict[UUID, dict[UUID, dict[int, Decimal]]] = {}
    asked = {"workers": list(worker_ids), "now": now, "days": days}
    for row in sql.rows(sql.load(_SQL / "earnings_by_payer.sql"), asked):
        payers = found.setdefault(row["worker_id"], {})
        payers.setdefault(row["platform_id"], {})[row["days_ago"]] = row["amount"]
    return found


def stream_steps(stream: Stream, *, steps: int) -> list[tuple[datetime, Decimal]]:
    """When the stream had released how much in all, in USDC: at most about `steps` points, oldest first."""
    asked = {"stream": stream.pk, "releases": stream.sequence, "steps": steps}
    return [(row["at"], row["released"]) for row in sql.rows(sql.load(_SQL / "stream_steps.sql"), asked)]
