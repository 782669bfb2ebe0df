from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from payments import services
from payments.ledger.enums import AccountName
from payments.models import Account
from payments.settlement.payouts.api.me import NextPayoutAnswer, OpenHold, hold_as_json
from workers.profiles.enums import PayoutSchedule
from workers.sign_in.views import MyView


class BalanceAnswer(serializers.Serializer):
    """A worker's money here."""

    available = Amount(allow_zero=True, help_text="can be cashed out now")
    in_transit = Amount(allow_zero=True, help_text="on its way to the wallet")
    owed = Amount(allow_zero=True, help_text="on an advance")


class MyBalance(BalanceAnswer):
    """A worker's money here, the part that is held, and the time when it leaves."""

    held = Amount(allow_zero=True, help_text="of what is available: does not leave for now")
    holds = OpenHold(many=True)
    payout_schedule = Choice(choices=PayoutSchedule.values)
    next_payout = NextPayoutAnswer()


def own_balances(worker_id: UUID) -> QuerySet[Account, tuple[str, Decimal]]:
    """Return the balance of each of the worker's accounts."""
    return Account.objects.filter(worker=worker_id).values_list("name", "balance")


def balance_as_json(balances: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Return the balances as their worker sees them."""
    found = dict(balances)
    return {
        "available": found.get(AccountName.AVAILABLE, Decimal(0)),
        "in_transit": found.get(AccountName.IN_TRANSIT, Decimal(0)),
        "owed": -found.get(AccountName.LOAN, Decimal(0)),
    }


class Balance(MyView):
    """`me/balance`: with its holds and the time of the next payout."""

    endpoints = {"GET": Endpoint("get_my_balance", MyBalance)}

    def get(self, request: Request) -> HttpResponse:
        worker = self.worker(request)
        money = services.money_of_worker(worker.pk)
        shown = balance_as_json((name, account.balance) for name, account in money.accounts.items())
        coming = services.next_payout(worker, money, now=database_now())
        return json_response(
            200,
            {
                **shown,
                "held": shown["available"] - money.held.unheld(shown["available"]),
                "holds": [hold_as_json(hold) for hold in money.holds],
                "payout_schedule": worker.payout_schedule,
                "next_payout": {"at": coming.at, "waits_for": coming.waits_for},
            },
        )
