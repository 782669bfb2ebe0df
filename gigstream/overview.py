"""What a worker's app opens with, in one answer put together from all apps."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.listing import NEWEST_FIRST
from gigstream.lib.api.lists import Lists
from payments.api.me import (
    BalanceAnswer,
    MyTransactionRow,
    own_balances,
    own_transactions,
    shown_balance,
)
from platforms.api.me import MyTaskRow, own_tasks
from workers.api.serializers import ME_COLUMNS, shown_me
from workers.http import MyView
from workers.models import Worker

SHOWN = 10
MyOverview = described(
    "MyOverview",
    Worker,
    ME_COLUMNS,
    balance=BalanceAnswer(),
    tasks=MyTaskRow(many=True, help_text="the latest ten"),
    transactions=MyTransactionRow(many=True, help_text="the latest ten"),
)


_LISTS = Lists(
    {
        "balances": own_balances,
        "tasks": lambda worker_id: own_tasks(worker_id).order_by(*NEWEST_FIRST)[:SHOWN],
        "transactions": lambda worker_id: own_transactions(worker_id).order_by(*NEWEST_FIRST)[:SHOWN],
    },
    worker_id=UUID(int=1),
)


def overview(worker: Worker) -> dict[str, Any]:
    """Who the worker is here, their money, and what has happened last."""
    lists = _LISTS.read(worker_id=worker.pk)
    balances = ((one["name"], Decimal(one["balance"])) for one in orjson.loads(lists.pop("balances")))
    rows = {name: orjson.Fragment(text) for name, text in lists.items()}
    return {**shown_me(worker), "balance": shown_balance(balances), **rows}


class Overview(MyView):
    """`me/overview`."""

    doors = {"GET": Door("get_my_overview", MyOverview)}

    def get(self, request: Request) -> HttpResponse:
        """What a worker's app opens with: account, balance, the latest tasks and transactions."""
        return json(200, overview(self.worker(request)))
