"""A platform's balance, deposits, transactions and figures over the API."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import ApiView, json
from gigstream.lib.api.callers import PLATFORM, WORKER
from gigstream.lib.api.doors import Door
from gigstream.lib.api.listing import narrow
from gigstream.lib.clock import database_now
from payments import explanations, selectors, services
from payments.api.platform_payouts import (
    get_platform_payout,
    list_platform_payouts,
    payout_task_as_json,
    payout_task_rows,
    platform_payout_as_json,
)
from payments.api.serializers import (
    EXPLAINED_COLUMNS,
    PERFORMANCE_COLUMNS,
    TRANSACTION_COLUMNS,
    Balance,
    Daily,
    DailyQuery,
    DepositForm,
    Explanation,
    PayoutTask,
    Performance,
    TransactionQuery,
    TransactionRow,
)
from payments.enums import TransactionType
from payments.models import PlatformPayout, Transaction
from payments.reports import PlatformPerformance
from platforms.http import PlatformView

USUAL_DAYS, MOST_DAYS = 30, 92


def shown(movement: Transaction) -> dict[str, Any]:
    """The transaction as its platform sees it."""
    return transaction_as_json({name: getattr(movement, name) for name in TRANSACTION_COLUMNS})


def transaction_as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a transaction of the platform itself, which carries no tasks' pay to a worker."""
    return {**row, "task_count": None, "tasks": []}


class MoneyView(PlatformView):
    """Whatever a platform asks about its own money."""

    resource = "money"

    def own(self) -> QuerySet[Transaction]:
        return Transaction.objects.filter(platform=self.platform)


class Transactions(MoneyView):
    """`transactions`."""

    query = TransactionQuery
    doors = {"GET": Door("list_transactions", TransactionRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """The platform's transactions, newest first; with `type=payout` its part in each payout that
        carries pay of its tasks."""
        given = self.read_query(request)
        if given.get("type") == TransactionType.PAYOUT:
            return list_platform_payouts(request, self.platform.pk, given)
        rows = narrow(self.own(), given).values(*TRANSACTION_COLUMNS)
        return self.paged(request, rows, show=transaction_as_json)


class OneTransaction(MoneyView):
    """`transactions/{id}`."""

    doors = {"GET": Door("get_transaction", TransactionRow)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """One transaction, or the platform's part in a payout."""
        part = get_platform_payout(self.platform.pk, transaction_id)
        return json(200, platform_payout_as_json(part) if part else shown(self.own_one(pk=transaction_id)))


class TransactionTasks(MoneyView):
    """`transactions/{id}/tasks`."""

    doors = {"GET": Door("list_transaction_tasks", PayoutTask, listed=True)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """The platform's tasks whose pay a payout carries, and how much of it."""
        if not PlatformPayout.objects.filter(platform=self.platform, payout=transaction_id).exists():
            raise Http404
        rows = payout_task_rows(self.platform.pk, transaction_id)
        return self.paged(request, rows, show=payout_task_as_json, order=("id",))


class Explain(ApiView):
    """`payments/{id}/explain`, for the platform or the worker whose payment it is."""

    callers = (PLATFORM, WORKER)
    resource = "money"
    doors = {"GET": Door("explain_payment", Explanation)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """Why a transaction has the amount it has, and what it did in the ledger. Each party is told of its
        own accounts; deductions are the worker's to know."""
        caller: Any = request.auth
        movement = Transaction.objects.get(pk=transaction_id, **{caller.kind: caller.row})
        why = explanations.explain(movement, **{f"for_{caller.kind}": caller.row.pk})
        payment = {name: getattr(movement, name) for name in EXPLAINED_COLUMNS}
        return json(200, {"payment": payment, **why.as_data()})


class PlatformBalance(MoneyView):
    """`balance`."""

    doors = {"GET": Door("get_balance", Balance)}

    def get(self, request: Request) -> HttpResponse:
        """What the platform has here, what is reserved, and how long it lasts."""
        return json(200, selectors.platform_balance(self.platform.pk, database_now()))


class Deposits(MoneyView):
    """`deposits`."""

    moves_money = True
    doors = {"POST": Door("create_deposit", TransactionRow, takes=DepositForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Money arrives at once, in the sandbox only: real deposits are seen on chain, not told."""
        given = self.read(request)
        key = request.headers.get("Idempotency-Key") or secrets.token_hex(16)

        def act() -> tuple[int, Any]:
            return 201, shown(services.simulate_deposit(platform_id=self.platform.pk, key=key, **given))

        return self.perform(request, act)


class Analytics(MoneyView):
    """`analytics`."""

    doors = {"GET": Door("get_analytics", Performance)}

    def get(self, request: Request) -> HttpResponse:
        """The platform's work and what it has cost, from its first day to now."""
        row = PlatformPerformance.objects.filter(platform=self.platform).values(*PERFORMANCE_COLUMNS).get()
        average = row["average_completion_seconds"]
        return json(200, {**row, "average_completion_seconds": None if average is None else str(average)})


class DailyAnalytics(MoneyView):
    """`analytics/daily`."""

    query = DailyQuery
    doors = {"GET": Door("list_daily_analytics", Daily)}

    def get(self, request: Request) -> HttpResponse:
        """The platform's transactions by day, type and status."""
        first, last = _days(self.read_query(request), database_now())
        end = _midnight(last) + timedelta(days=1)
        return json(200, {"items": selectors.platform_days(self.platform.pk, _midnight(first), end)})


def _days(given: dict[str, date], now: datetime) -> tuple[date, date]:
    last = min(given.get("day_to", now.date()), now.date())
    usual = timedelta(days=min(USUAL_DAYS - 1, (last - date.min).days))
    first = given.get("day_from", last - usual)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise serializers.ValidationError(
            {"day_from": f"from the first to the last day there are 1 to {MOST_DAYS}, none of them to come"}
        )
    return first, last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)
