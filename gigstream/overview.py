"""First page of a worker's app, in a single answer from all apps."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.pagination import NEWEST_FIRST
from gigstream.api.rendering.lists import RenderedLists
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from payments.ledger.api.me import BalanceAnswer, balance_as_json, own_balances
from payments.settlement.transactions.api.me import MyTransactionRow, own_transactions
from platforms.tasks.api.me import MyTaskRow, own_tasks
from workers.models import Worker
from workers.profiles.schemas import ME_COLUMNS, worker_as_json
from workers.sign_in.views import MyView

SHOWN = 10
MyOverview = describe_rows(
    "MyOverview",
    Worker,
    ME_COLUMNS,
    balance=BalanceAnswer(),
    tasks=MyTaskRow(many=True, help_text="the latest ten"),
    transactions=MyTransactionRow(many=True, help_text="the latest ten"),
)


_LISTS = RenderedLists(
    {
        "balances": own_balances,
        "tasks": lambda worker_id: own_tasks(worker_id).order_by(*NEWEST_FIRST)[:SHOWN],
        "transactions": lambda worker_id: own_transactions(worker_id).order_by(*NEWEST_FIRST)[:SHOWN],
    },
    worker_id=UUID(int=1),
)


def overview_as_json(worker: Worker) -> dict[str, Any]:
    """Return a worker's account, balance and latest tasks and transactions."""
    lists = _LISTS.read(worker_id=worker.pk)
    balances = ((row["name"], Decimal(row["balance"])) for row in orjson.loads(lists.pop("balances")))
    rows = {name: orjson.Fragment(text) for name, text in lists.items()}
    return {**worker_as_json(worker), "balance": balance_as_json(balances), **rows}


class Overview(MyView):
    """Endpoint `me/overview`."""

    endpoints = {"GET": Endpoint("get_my_overview", MyOverview)}

    def get(self, request: Request) -> HttpResponse:
        """Return account, balance, the latest tasks and transactions: the first page of a worker's app."""
        return json_response(200, overview_as_json(self.worker(request)))
