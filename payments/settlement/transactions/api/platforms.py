"""Transactions of platforms, and explanations of payments, over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from gigstream.api.callers import PLATFORM, WORKER
from gigstream.api.endpoints import Endpoint
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import ApiView, json_response
from payments.models import PlatformPayout, Transaction
from payments.settlement.payouts.api.platform_payouts import (
    get_platform_payout,
    list_platform_payouts,
    payout_task_as_json,
    payout_task_rows,
    platform_payout_as_json,
)
from payments.settlement.transactions.enums import TransactionType
from payments.settlement.transactions.schemas import (
    TRANSACTION_COLUMNS,
    PayoutTask,
    TransactionQuery,
    TransactionRow,
)
from payments.statements.schemas import EXPLAINED_COLUMNS, Explanation
from payments.statements.selectors import explanations
from platforms.platforms.views import PlatformView

USUAL_DAYS, MOST_DAYS = 30, 92


def movement_as_json(movement: Transaction) -> dict[str, Any]:
    """Return the transaction for its platform."""
    return transaction_as_json({name: getattr(movement, name) for name in TRANSACTION_COLUMNS})


def transaction_as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a transaction of the platform itself, which carries no tasks' pay to a worker."""
    return {**row, "task_count": None, "tasks": []}


class MoneyView(PlatformView):
    """Base view for endpoints on a platform's own money."""

    resource = "money"

    def own(self) -> QuerySet[Transaction]:
        return Transaction.objects.filter(platform=self.platform)


class Transactions(MoneyView):
    """`transactions`."""

    query = TransactionQuery
    endpoints = {"GET": Endpoint("list_transactions", TransactionRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the platform's transactions, newest first; with `type=payout` its part in each payout that
        carries pay of its tasks."""
        given = self.read_query(request)
        if given.get("type") == TransactionType.PAYOUT:
            return list_platform_payouts(request, self.platform.pk, given)
        rows = narrow_rows(self.own(), given).values(*TRANSACTION_COLUMNS)
        return self.paged(request, rows, show=transaction_as_json)


class OneTransaction(MoneyView):
    """`transactions/{id}`."""

    endpoints = {"GET": Endpoint("get_transaction", TransactionRow)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """Return a transaction, or the platform's part in a payout."""
        part = get_platform_payout(self.platform.pk, transaction_id)
        return json_response(
            200, platform_payout_as_json(part) if part else movement_as_json(self.own_one(pk=transaction_id))
        )


class TransactionTasks(MoneyView):
    """`transactions/{id}/tasks`."""

    endpoints = {"GET": Endpoint("list_transaction_tasks", PayoutTask, listed=True)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """List the platform's tasks whose pay a payout carries, and how much of it."""
        if not PlatformPayout.objects.filter(platform=self.platform, payout=transaction_id).exists():
            raise Http404
        rows = payout_task_rows(self.platform.pk, transaction_id)
        return self.paged(request, rows, show=payout_task_as_json, order=("id",))


class Explain(ApiView):
    """`payments/{id}/explain`, for the platform or the worker whose payment it is."""

    callers = (PLATFORM, WORKER)
    resource = "money"
    endpoints = {"GET": Endpoint("explain_payment", Explanation)}

    def get(self, request: Request, transaction_id: UUID) -> HttpResponse:
        """Explain the amount of a transaction and its entries in the ledger. Each party sees its own
        accounts; only the worker sees deductions."""
        caller: Any = request.auth
        movement = Transaction.objects.get(pk=transaction_id, **{caller.kind: caller.row})
        explanation = explanations.explain_transaction(movement, **{f"for_{caller.kind}": caller.row.pk})
        payment = {name: getattr(movement, name) for name in EXPLAINED_COLUMNS}
        return json_response(200, {"payment": payment, **explanation.as_data()})
