from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments.ledger import selectors
from payments.ledger.schemas import Balance
from payments.settlement.transactions.api.platforms import MoneyView


class PlatformBalance(MoneyView):
    """`balance`."""

    endpoints = {"GET": Endpoint("get_balance", Balance)}

    def get(self, request: Request) -> HttpResponse:
        """Return the platform's available and reserved money, and how long it lasts."""
        return json_response(200, selectors.platform_balance(self.platform.pk, database_now()))
