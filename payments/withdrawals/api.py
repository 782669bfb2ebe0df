"""A platform's withdrawals over the API, and the address that they go to."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, Instant, StrictSerializer, Text
from gigstream.api.pagination import narrow_rows
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.core.addresses import normal_address
from gigstream.core.clock import database_now
from payments import services
from payments.models import Transaction
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from platforms import services as platforms
from platforms.platforms.views import PlatformView
from platforms.withdrawal_addresses.models import WithdrawalAddress
from workers import services as workers
from workers.wallets import messages as wallet_messages
from workers.wallets.forms import Nonce, NonceForm, WalletForm, nonce_as_json

WITHDRAWAL_COLUMNS = (
    "id",
    "reference",
    "created_at",
    "status",
    "amount",
    "to_wallet",
    "not_before",
    "submitted_at",
    "confirmed_at",
    "ended_at",
    "tx_hash",
    "block_number",
    "confirmations",
    "error_message",
)
WithdrawalRow = describe_rows("WithdrawalRow", Transaction, WITHDRAWAL_COLUMNS)


class WithdrawalForm(StrictSerializer):
    amount = Amount(help_text="of the available money")


class StopForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class WithdrawalQuery(StrictSerializer):
    """Filters of the list of withdrawals."""

    status = Choice(choices=TransactionStatus.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class WithdrawalAddressRow(serializers.Serializer):
    """Addresses of a platform's withdrawals, now and next. All is null before an address was named."""

    address = Text(allow_null=True, help_text="of withdrawals now, in lower case")
    holds_from = Instant(allow_null=True)
    next_address = Text(allow_null=True, help_text="of withdrawals from `next_holds_from` on")
    next_holds_from = Instant(allow_null=True)


def withdrawal_as_json(withdrawal: Transaction) -> dict[str, Any]:
    """Return the withdrawal for its platform."""
    return {name: getattr(withdrawal, name) for name in WITHDRAWAL_COLUMNS}


class WithdrawalView(PlatformView):
    """Base view for endpoints on a platform's withdrawals. Any key that reads money sees them."""

    resource = "money"

    def own(self) -> QuerySet[Transaction]:
        return Transaction.objects.filter(platform=self.platform, type=TransactionType.WITHDRAWAL)


class Withdrawals(WithdrawalView):
    """`withdrawals`."""

    moves_money = True
    write_resource = "withdrawals"
    query = WithdrawalQuery
    endpoints = {
        "GET": Endpoint("list_withdrawals", WithdrawalRow, listed=True),
        "POST": Endpoint("create_withdrawal", WithdrawalRow, takes=WithdrawalForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List the platform's withdrawals, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*WITHDRAWAL_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Take available money out to your address. It leaves a day later; until then any key with the scope
        `money:write` may stop it. A platform has a single withdrawal under way."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            made = services.request_withdrawal(platform_id=self.platform.pk, **given)
            return 201, withdrawal_as_json(made)

        return self.perform(request, act)


class OneWithdrawal(WithdrawalView):
    """`withdrawals/{id}`."""

    endpoints = {"GET": Endpoint("get_withdrawal", WithdrawalRow)}

    def get(self, request: Request, withdrawal_id: UUID) -> HttpResponse:
        """Return a withdrawal."""
        return json_response(200, withdrawal_as_json(self.own_one(pk=withdrawal_id)))


class StopWithdrawal(WithdrawalView):
    """`withdrawals/{id}/stop`."""

    moves_money = True
    endpoints = {"POST": Endpoint("stop_withdrawal", WithdrawalRow, takes=StopForm)}

    def post(self, request: Request, withdrawal_id: UUID) -> HttpResponse:
        """Stop a withdrawal that has not left: the money is available again."""
        given = self.read(request)
        withdrawal = self.own_one(pk=withdrawal_id)

        def act() -> tuple[int, Any]:
            stopped = services.stop_withdrawal(transaction_id=withdrawal.pk, **given)
            return 200, withdrawal_as_json(stopped)

        return self.perform(request, act)


class WithdrawalAddressView(PlatformView):
    """`withdrawal-address`."""

    resource = "money"
    write_resource = "withdrawals"
    endpoints = {
        "GET": Endpoint("get_withdrawal_address", WithdrawalAddressRow),
        "PUT": Endpoint("set_withdrawal_address", WithdrawalAddressRow, takes=WalletForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the address of withdrawals, and the next address."""
        return json_response(200, self.as_it_is())

    def put(self, request: Request) -> HttpResponse:
        """Name the wallet that has signed the message of `withdrawal-address/nonce` as the address of
        withdrawals: from 48 hours on, a first address at once."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            now = database_now()
            statement = wallet_messages.withdrawal_statement(self.platform.pk)
            signed = wallet_messages.verify_message(
                given["message"], given["signature"], now=now, statement=statement
            )
            platforms.set_withdrawal_address(platform_id=self.platform.pk, signed=signed, now=now)
            return 200, self.as_it_is()

        return self.perform(request, act)

    def as_it_is(self) -> dict[str, Any]:
        """Return both addresses as they are now."""
        found = platforms.withdrawal_addresses(platform_id=self.platform.pk, now=database_now())
        return {**_address_columns("", found.current), **_address_columns("next_", found.next)}


def _address_columns(prefix: str, row: WithdrawalAddress | None) -> dict[str, Any]:
    return {
        f"{prefix}address": row.address if row else None,
        f"{prefix}holds_from": row.holds_from if row else None,
    }


class StartWithdrawalAddress(PlatformView):
    """`withdrawal-address/nonce`."""

    resource = "withdrawals"
    endpoints = {"POST": Endpoint("start_withdrawal_address", Nonce, takes=NonceForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Return a message for the wallet to sign, valid once and for 5 minutes."""
        address = normal_address(self.read(request)["wallet_address"])
        statement = wallet_messages.withdrawal_statement(self.platform.pk)
        return self.perform(
            request, lambda: (201, nonce_as_json(workers.make_nonce(), address, statement=statement))
        )


urlpatterns = [
    path("withdrawals", Withdrawals.as_view(), name="withdrawals"),
    path("withdrawals/<id:withdrawal_id>", OneWithdrawal.as_view(), name="withdrawal"),
    path("withdrawals/<id:withdrawal_id>/stop", StopWithdrawal.as_view(), name="withdrawal-stop"),
    path("withdrawal-address", WithdrawalAddressView.as_view(), name="withdrawal-address"),
    path(
        "withdrawal-address/nonce",
        StartWithdrawalAddress.as_view(),
        name="withdrawal-address-nonce",
    ),
]
