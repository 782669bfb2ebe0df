from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from workers import services
from workers.models import Worker
from workers.sign_in.views import MyView
from workers.wallets import messages as wallet_messages
from workers.wallets.own_addresses import own_addresses
from workers.wallets.schemas import MyWallet, Nonce, NonceForm, WalletForm, nonce_as_json, wallet_as_json


class WalletView(MyView):
    """Base view of the worker's payout address."""

    def current_wallet(self, request: Request) -> dict[str, Any]:
        worker = Worker.objects.get(pk=self.worker(request).pk)
        return wallet_as_json(worker, services.find_open_change(worker=worker))


class MyWalletView(WalletView):
    """`me/wallet`."""

    endpoints = {
        "GET": Endpoint("get_my_wallet", MyWallet),
        "PUT": Endpoint("change_my_wallet", MyWallet, takes=WalletForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the payout address, and the address that will replace it, if any."""
        return json_response(200, self.current_wallet(request))

    def put(self, request: Request) -> HttpResponse:
        """Set the payout address to the wallet that has signed the message of `me/wallet/nonce`. It holds 24
        hours from now, and an email says so; nothing is paid out until then. A first wallet holds at once."""
        given = self.read(request)
        worker = self.worker(request)
        _require_foreign(given["message"])

        def act() -> tuple[int, Any]:
            now = database_now()
            statement = wallet_messages.payout_statement(worker.pk)
            signed = wallet_messages.verify_message(
                given["message"], given["signature"], now=now, statement=statement
            )
            services.change_wallet(worker_id=worker.pk, signed=signed, now=now)
            return 200, self.current_wallet(request)

        return self.perform(request, act)


def _require_foreign(message: str) -> None:
    """Raise InvalidAddress where the message, valid or not, names a wallet of the system's own."""
    address = wallet_messages.named_address(message)
    if address is not None:
        own_addresses.require_foreign(address)


class StartWalletChange(WalletView):
    """`me/wallet/nonce`."""

    endpoints = {"POST": Endpoint("start_wallet_change", Nonce, takes=NonceForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Return a message for the new wallet to sign, good once and for 5 minutes."""
        address = own_addresses.require_payable(self.read(request)["wallet_address"])
        statement = wallet_messages.payout_statement(self.worker(request).pk)
        return self.perform(
            request, lambda: (201, nonce_as_json(services.make_nonce(), address, statement=statement))
        )


class CancelWalletChange(WalletView):
    """`me/wallet/cancel`."""

    endpoints = {"POST": Endpoint("cancel_wallet_change", MyWallet, takes=NothingForm)}

    def post(self, request: Request) -> HttpResponse:
        """Keep the present payout address; payouts go on."""
        self.read(request)

        def act() -> tuple[int, Any]:
            services.cancel_wallet_change(worker_id=self.worker(request).pk)
            return 200, self.current_wallet(request)

        return self.perform(request, act)
