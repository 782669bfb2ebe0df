"""A platform's withdrawals over the API, and the address that they go to."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.addresses import normal_address
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Amount, Choice, Instant, StrictSerializer, Text
from gigstream.lib.api.listing import narrow
from gigstream.lib.clock import database_now
from payments import services
from payments.enums import TransactionStatus, TransactionType
from payments.models import Transaction
from platforms import services as platforms
from platforms.http import PlatformView
from platforms.withdrawal_addresses import WithdrawalAddress
from workers import services as workers
from workers import wallet_messages
from workers.wallet_forms import Nonce, NonceForm, WalletForm, shown_nonce

WITHDRAWAL_COLUMNS = (
    "id",
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
WithdrawalRow = described("WithdrawalRow", Transaction, WITHDRAWAL_COLUMNS)


class WithdrawalForm(StrictSerializer):
    amount = Amount(help_text="of what is available")


class StopForm(StrictSerializer):
    reason = Text(max_length=500, required=False, allow_blank=True)


class WithdrawalQuery(StrictSerializer):
    """How a list of withdrawals is narrowed."""

    status = Choice(choices=TransactionStatus.values, required=False)
    created_from = Instant(required=False)
    created_to = Instant(required=False)


class WithdrawalAddressRow(serializers.Serializer):
    """Where withdrawals go. All is null before an address was named."""

    address = Text(allow_null=True, help_text="where withdrawals go now, in lower case")
    holds_from = Instant(allow_null=True)
    next_address = Text(allow_null=True, help_text="where they will go from `next_holds_from` on")
    next_holds_from = Instant(allow_null=True)


def withdrawal_as_json(withdrawal: Transaction) -> dict[str, Any]:
    """Return the withdrawal as its platform sees it."""
    return {name: getattr(withdrawal, name) for name in WITHDRAWAL_COLUMNS}


class WithdrawalView(PlatformView):
    """Whatever a platform does with its withdrawals: any key that reads money sees them."""

    resource = "money"

    def own(self) -> QuerySet[Transaction]:
        return Transaction.objects.filter(platform=self.platform, type=TransactionType.WITHDRAWAL)


class Withdrawals(WithdrawalView):
    """`withdrawals`."""

    moves_money = True
    write_resource = "withdrawals"
    query = WithdrawalQuery
    doors = {
        "GET": Door("list_withdrawals", WithdrawalRow, listed=True),
        "POST": Door("create_withdrawal", WithdrawalRow, takes=WithdrawalForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """The platform's withdrawals, newest first."""
        rows = narrow(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*WITHDRAWAL_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Take available money out to your address. It leaves a day later; until then any key with the scope
        `money:write` may stop it. One at a time."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            made = services.request_withdrawal(platform_id=self.platform.pk, **given)
            return 201, withdrawal_as_json(made)

        return self.perform(request, act)


class OneWithdrawal(WithdrawalView):
    """`withdrawals/{id}`."""

    doors = {"GET": Door("get_withdrawal", WithdrawalRow)}

    def get(self, request: Request, withdrawal_id: UUID) -> HttpResponse:
        """One withdrawal."""
        return json(200, withdrawal_as_json(self.own_one(pk=withdrawal_id)))


class StopWithdrawal(WithdrawalView):
    """`withdrawals/{id}/stop`."""

    moves_money = True
    doors = {"POST": Door("stop_withdrawal", WithdrawalRow, takes=StopForm)}

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
    doors = {
        "GET": Door("get_withdrawal_address", WithdrawalAddressRow),
        "PUT": Door("set_withdrawal_address", WithdrawalAddressRow, takes=WalletForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Where withdrawals go, and where they will go."""
        return json(200, self.as_it_is())

    def put(self, request: Request) -> HttpResponse:
        """Have withdrawals go to the wallet that has signed the message of `withdrawal-address/nonce`: 48
        hours from now, a first one at once."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            now = database_now()
            statement = wallet_messages.withdrawal_statement(self.platform.pk)
            signed = wallet_messages.verified(
                given["message"], given["signature"], now=now, statement=statement
            )
            platforms.set_withdrawal_address(platform_id=self.platform.pk, signed=signed, now=now)
            return 200, self.as_it_is()

        return self.perform(request, act)

    def as_it_is(self) -> dict[str, Any]:
        """Return both addresses as they are now."""
        found = platforms.withdrawal_addresses(platform_id=self.platform.pk, now=database_now())
        return {**_named("", found.current), **_named("next_", found.next)}


def _named(prefix: str, row: WithdrawalAddress | None) -> dict[str, Any]:
    return {
        f"{prefix}address": row.address if row else None,
        f"{prefix}holds_from": row.holds_from if row else None,
    }


class StartWithdrawalAddress(PlatformView):
    """`withdrawal-address/nonce`."""

    resource = "withdrawals"
    doors = {"POST": Door("start_withdrawal_address", Nonce, takes=NonceForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """A message for the wallet to sign, good once and for 5 minutes."""
        address = normal_address(self.read(request)["wallet_address"])
        statement = wallet_messages.withdrawal_statement(self.platform.pk)
        return self.perform(
            request, lambda: (201, shown_nonce(workers.make_nonce(), address, statement=statement))
        )
