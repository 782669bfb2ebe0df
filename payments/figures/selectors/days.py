from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from gigstream.core import sql
from gigstream.core.money import ZERO
from payments.models import Transaction


def platform_days(platform_id: UUID, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the platform's transactions made from `start` until before `end`, by UTC day, type and status,
    the newest day first. `daily_transaction_summary` sums over all platforms and cannot be filtered by
    platform."""
    made = Transaction.objects.filter(platform=platform_id, created_at__gte=start, created_at__lt=end)
    days: Any = made.annotate(day=TruncDate("created_at")).values("day", "type", "status")
    summed = days.annotate(transactions=Count("id"), total_amount=Sum("amount"))
    return list(summed.order_by("-day", "type", "status"))


def daily_earnings(worker_ids: Collection[UUID], *, now: datetime, days: int) -> dict[UUID, list[Decimal]]:
    """Return the pay of each worker (earnings, releases and rewards, before repayments) by days of 24 hours.

    Days are counted back from `now`, the oldest first: at most `days` of them, and none before that of the
    worker's first earning. Days without pay are 0; a worker without earnings is left out. USDC, one
    statement.
    """
    found: dict[UUID, dict[int, Decimal]] = {}
    for row in sql.run("payments/figures/daily_earnings", workers=list(worker_ids), now=now, days=days):
        found.setdefault(row["worker_id"], {})[row["days_ago"]] = row["amount"]
    return {
        worker_id: [amounts.get(ago, ZERO) for ago in range(min(max(amounts), days - 1), -1, -1)]
        for worker_id, amounts in found.items()
    }


def earnings_by_payer(
    worker_ids: Collection[UUID], *, now: datetime, days: int
) -> dict[UUID, dict[UUID, dict[int, Decimal]]]:
    """Return the pay of each worker for work (earnings and releases, before repayments), by platform and
    number of days of 24 hours before `now`, in USDC. Older pay than `days` is summed at `days`."""
    found: dict[UUID, dict[UUID, dict[int, Decimal]]] = {}
    for row in sql.run("payments/figures/earnings_by_payer", workers=list(worker_ids), now=now, days=days):
        payers = found.setdefault(row["worker_id"], {})
        payers.setdefault(row["platform_id"], {})[row["days_ago"]] = row["amount"]
    return found
