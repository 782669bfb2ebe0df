import secrets
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from payments import services
from payments.settlement.deposits.schemas import DepositForm
from payments.settlement.transactions.api.platforms import MoneyView, movement_as_json
from payments.settlement.transactions.schemas import (
    TransactionRow,
)


class Deposits(MoneyView):
    """`deposits`."""

    moves_money = True
    endpoints = {"POST": Endpoint("create_deposit", TransactionRow, takes=DepositForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Simulate a deposit, in the sandbox only: real deposits are observed on the chain."""
        given = self.read(request)
        key = self.idempotency_key or secrets.token_hex(16)

        def act() -> tuple[int, Any]:
            return 201, movement_as_json(
                services.simulate_deposit(platform_id=self.platform.pk, key=key, **given)
            )

        return self.perform(request, act)
