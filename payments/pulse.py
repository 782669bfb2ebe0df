"""How money moves now, for staff to see at a glance: each figure is one statement that reads an index, a
roll-up or balances, never a whole history. Amounts in USDC."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Count, Sum

from gigstream.lib import sql
from gigstream.lib.money import ZERO
from payments.enums import OUTGOING, UNDER_WAY, AccountName, EntryKind, StreamStatus, TransactionStatus
from payments.models import Account, Stream
from payments.reports import DailyTransactionSummary
from payments.services.accounts import RANGE, RANGES

_SQL = Path(__file__).resolve().parent / "sql"

# More running streams than these are not added up: then count and sum are "at least".
MOST_STREAMS = 100_000
# "From earned to paid" looks at so many of the newest payouts, made in the last day, and at so many
# earnings of each.
SAMPLE_PAYOUTS, SAMPLE_EARNINGS, SAMPLE_TIME = 50, 20, timedelta(days=1)
# What workers are paid for work.
PAY = frozenset({EntryKind.RELEASE, EntryKind.EARNING})


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are, and their amounts together."""

    count: int
    amount: Decimal
    at_least: bool = False
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """The ledger entries of one kind in one hour (UTC)."""

    hour: datetime
    kind: str
    entries: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Delays:
    """From earning to wallet, for the earnings that `payouts` payouts carried; None without any."""

    payouts: int
    median: timedelta | None
    p95: timedelta | None


def booked_since(since: datetime) -> list[Booked]:
    """What the ledger has booked since then, by hour and kind."""
    return [Booked(**row) for row in sql.rows(sql.load(_SQL / "hours.sql"), {"since": since})]


def sum_of(hours: Collection[Booked], kinds: Collection[str], since: datetime) -> Total:
    """Those of these kinds from the hour that begins at `since` on."""
    found = [one for one in hours if one.kind in kinds and one.hour >= since]
    return Total(sum(one.entries for one in found), sum((one.amount for one in found), ZERO))


def under_way() -> Total:
    """Payouts and advances on their way to a wallet."""
    asked = {"statuses": sorted(UNDER_WAY), "types": sorted(OUTGOING)}
    (row,) = sql.rows(sql.load(_SQL / "under_way.sql"), asked)
    return Total(row["transfers"], row["amount"], oldest_at=row["oldest_at"])


def in_escrow() -> Total:
    """What platforms have reserved for open tasks and streams; counts the platforms that have."""
    # The range is what an index finds, and is shared with what platforms withdraw.
    first = RANGES["platform", AccountName.ESCROW] * RANGE
    accounts = Account.objects.filter(
        pk__gte=first, pk__lt=first + RANGE, name=AccountName.ESCROW, balance__gt=0
    )
    found = accounts.aggregate(count=Count("pk"), amount=Sum("balance", default=ZERO))
    return Total(found["count"], found["amount"])


def running_streams() -> Total:
    """Streams that vest now, and what they have yet to release."""
    running = Stream.objects.filter(status=StreamStatus.ACTIVE)[: MOST_STREAMS + 1]
    found = running.aggregate(count=Count("pk"), amount=Sum("remaining_amount", default=ZERO))
    return Total(min(found["count"], MOST_STREAMS), found["amount"], at_least=found["count"] > MOST_STREAMS)


def earned_to_paid(now: datetime) -> Delays:
    """How long the newest payouts' earnings took to the wallet."""
    asked = {"since": now - SAMPLE_TIME, "payouts": SAMPLE_PAYOUTS, "parts": SAMPLE_EARNINGS}
    (row,) = sql.rows(sql.load(_SQL / "earned_to_paid.sql"), asked)
    return Delays(row["payouts"], _length(row["median"]), _length(row["p95"]))


def _length(seconds: Decimal | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=int(seconds))


def daily_volume(first: date) -> list[dict[str, Any]]:
    """Transactions made on each UTC day from `first` on, by type and status."""
    days: Any = DailyTransactionSummary.objects.filter(day__gte=first)
    return list(days.values("day", "type", "status", "transactions", "total_amount"))


def success(days: Collection[dict[str, Any]], first: date) -> tuple[int, int]:
    """Of the payouts and advances made from `first` on: how many have settled, and how many have failed."""
    ended = [day for day in days if day["type"] in OUTGOING and day["day"] >= first]

    def count(status: TransactionStatus) -> int:
        return sum(day["transactions"] for day in ended if day["status"] == status)

    return count(TransactionStatus.CONFIRMED), count(TransactionStatus.FAILED)
