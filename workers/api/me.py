"""A worker's own account over the API: who they are, and where they are paid."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import NothingForm
from gigstream.lib.clock import database_now
from workers import services, wallet_messages
from workers.api.serializers import (
    MyAccount,
    MyWallet,
    Nonce,
    NonceForm,
    ProfileForm,
    WalletForm,
    shown_me,
    shown_nonce,
    shown_wallet,
)
from workers.http import MyView
from workers.models import Worker
from workers.payout_addresses import own_addresses


class Me(MyView):
    """`me`."""

    doors = {
        "GET": Door("get_me", MyAccount),
        "PATCH": Door("change_me", MyAccount, takes=ProfileForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """The worker's account."""
        return json(200, shown_me(self.worker(request)))

    def patch(self, request: Request) -> HttpResponse:
        """Go by another name, live elsewhere. The email address stays; `me/wallet` changes the wallet."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            changed = worker
            if "full_name" in given:
                changed = services.rename_worker(worker_id=worker.pk, full_name=given["full_name"])
            place = {name: given[name] for name in ("country", "time_zone") if name in given}
            if place:
                changed = services.set_place(worker_id=worker.pk, **place)
            return 200, shown_me(changed)

        return self.perform(request, act)


class WalletView(MyView):
    """Where the worker is paid."""

    def as_it_is(self, request: Request) -> dict[str, Any]:
        worker = Worker.objects.get(pk=self.worker(request).pk)
        return shown_wallet(worker, services.open_change(worker))


class MyWalletView(WalletView):
    """`me/wallet`."""

    doors = {
        "GET": Door("get_my_wallet", MyWallet),
        "PUT": Door("change_my_wallet", MyWallet, takes=WalletForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Where payouts go, and where they will go."""
        return json(200, self.as_it_is(request))

    def put(self, request: Request) -> HttpResponse:
        """Be paid at the wallet that has signed the message of `me/wallet/nonce`: 24 hours from now, with an
        email to say so. Nothing is paid out until then. A first wallet holds at once."""
        given = self.read(request)
        worker = self.worker(request)
        _require_foreign(given["message"])

        def act() -> tuple[int, Any]:
            now = database_now()
            statement = wallet_messages.payout_statement(worker.pk)
            signed = wallet_messages.verified(
                given["message"], given["signature"], now=now, statement=statement
            )
            services.change_wallet(worker_id=worker.pk, signed=signed, now=now)
            return 200, self.as_it_is(request)

        return self.perform(request, act)


def _require_foreign(message: str) -> None:
    """Raise InvalidAddress where the message, whatever else is wrong with it, names a wallet of our own."""
    address = wallet_messages.named_address(message)
    if address is not None:
        own_addresses.require_foreign(address)


class StartWalletChange(WalletView):
    """`me/wallet/nonce`."""

    doors = {"POST": Door("start_wallet_change", Nonce, takes=NonceForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """A message for the new wallet to sign, good once and for 5 minutes."""
        address = own_addresses.require_payable(self.read(request)["wallet_address"])
        statement = wallet_messages.payout_statement(self.worker(request).pk)
        return self.perform(
            request, lambda: (201, shown_nonce(services.make_nonce(), address, statement=statement))
        )


class CancelWalletChange(WalletView):
    """`me/wallet/cancel`."""

    doors = {"POST": Door("cancel_wallet_change", MyWallet, takes=NothingForm)}

    def post(self, request: Request) -> HttpResponse:
        """Stay where you are paid; payouts go on."""
        self.read(request)

        def act() -> tuple[int, Any]:
            services.cancel_wallet_change(worker_id=self.worker(request).pk)
            return 200, self.as_it_is(request)

        return self.perform(request, act)
