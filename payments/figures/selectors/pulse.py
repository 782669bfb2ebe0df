"""Present figures of the movement of money, for the staff's dashboard. Each is a single statement that reads
an index, a roll-up or balances, never a whole history. Amounts in USDC."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from gigstream.core import sql
from gigstream.core.money import ZERO
from payments.earnings.vocabulary import EARNING
from payments.figures.reports import DailyTransactionSummary
from payments.ledger.enums import AccountName
from payments.ledger.services.accounts import RANGE, RANGES
from payments.ledger.vocabulary import RELEASE
from payments.models import Account, Stream
from payments.settlement.transactions.enums import OUTGOING, UNDER_WAY, TransactionStatus
from payments.streams.enums import StreamStatus

# More running streams than these are not added up: then count and sum are "at least".
MOST_STREAMS = 100_000
# "From earned to paid" reads so many of the newest payouts, made in the last day, and so many earnings of
# each.
SAMPLE_PAYOUTS, SAMPLE_EARNINGS, SAMPLE_TIME = 50, 20, timedelta(days=1)
# Entries that pay workers for work.
PAY = frozenset({RELEASE, EARNING})


@dataclass(frozen=True, slots=True)
class Total:
    """Count and sum of amounts, exact or `at_least`."""

    count: int
    amount: Decimal
    at_least: bool = False
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """Ledger entries of a kind in an hour (UTC)."""

    hour: datetime
    kind: str
    entries: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Delays:
    """Time from earning to wallet, for the earnings that `payouts` payouts carried; None without any."""

    payouts: int
    median: timedelta | None
    p95: timedelta | None


def booked_since(since: datetime) -> list[Booked]:
    """Return the ledger entries booked since then, by hour and kind."""
    return [Booked(**row) for row in sql.run("payments/figures/hours", since=since)]


def sum_of(hours: Collection[Booked], kinds: Collection[str], since: datetime) -> Total:
    """Add up the entries of these kinds from the hour that begins at `since` on."""
    found = [booked for booked in hours if booked.kind in kinds and booked.hour >= since]
    return Total(sum(booked.entries for booked in found), sum((booked.amount for booked in found), ZERO))


def under_way() -> Total:
    """Return the transfers on their way to a wallet."""
    (row,) = sql.run("payments/figures/under_way", statuses=sorted(UNDER_WAY), types=sorted(OUTGOING))
    return Total(row["transfers"], row["amount"], oldest_at=row["oldest_at"])


def in_escrow() -> Total:
    """Return the money that platforms have reserved for open tasks and streams, and count the platforms."""
    # An index finds the range of ids, which the in_transit accounts of platforms share.
    first = RANGES["platform", AccountName.ESCROW] * RANGE
    accounts = Account.objects.filter(
        pk__gte=first, pk__lt=first + RANGE, name=AccountName.ESCROW, balance__gt=0
    )
    found = accounts.aggregate(count=Count("pk"), amount=Sum("balance", default=ZERO))
    return Total(found["count"], found["amount"])


def running_streams() -> Total:
    """Return the streams that vest now, and the amount that they have yet to release."""
    running = Stream.objects.filter(status=StreamStatus.ACTIVE)[: MOST_STREAMS + 1]
    found = running.aggregate(count=Count("pk"), amount=Sum("remaining_amount", default=ZERO))
    return Total(min(found["count"], MOST_STREAMS), found["amount"], at_least=found["count"] > MOST_STREAMS)


def earned_to_paid(now: datetime) -> Delays:
    """Return the times that the newest payouts' earnings took to the wallet."""
    sample = {"since": now - SAMPLE_TIME, "payouts": SAMPLE_PAYOUTS, "parts": SAMPLE_EARNINGS}
    (row,) = sql.run("payments/figures/earned_to_paid", **sample)
    return Delays(row["payouts"], _as_timedelta(row["median"]), _as_timedelta(row["p95"]))


def _as_timedelta(seconds: Decimal | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=int(seconds))


def daily_volume(first: date) -> list[dict[str, Any]]:
    """Return the transactions made on each UTC day from `first` on, by type and status."""
    days: Any = DailyTransactionSummary.objects.filter(day__gte=first)
    return list(days.values("day", "type", "status", "transactions", "total_amount"))


def count_settled(days: Collection[dict[str, Any]], first: date) -> tuple[int, int]:
    """Count the transfers to wallets made from `first` on that have settled, and those that have failed."""
    ended = [day for day in days if day["type"] in OUTGOING and day["day"] >= first]

    def count(status: TransactionStatus) -> int:
        return sum(day["transactions"] for day in ended if day["status"] == status)

    return count(TransactionStatus.CONFIRMED), count(TransactionStatus.FAILED)
