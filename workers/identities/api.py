"""A worker's identities over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.views import json_response
from gigstream.core.clock import database_now
from workers import services
from workers.identities.schemas import Identity, MyIdentities, identities_as_json, identity_as_json
from workers.identities.selectors import identities_of
from workers.models import ChainIdentity
from workers.sign_in.views import MyView
from workers.wallets import messages as wallet_messages
from workers.wallets.chains import find_chain, normal_account
from workers.wallets.schemas import AccountForm, Nonce, ProofForm, nonce_as_json, proof_of


class IdentitiesView(MyView):
    """Base view of the accounts of chains that sign the worker in."""

    def identities(self, request: Request) -> dict[str, Any]:
        return identities_as_json(identities_of(worker_id=self.worker(request).pk))


class MyIdentitiesView(IdentitiesView):
    """`me/identities`."""

    endpoints = {
        "GET": Endpoint("list_my_identities", MyIdentities),
        "POST": Endpoint("add_identity", Identity, takes=ProofForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the worker's identities, and the chains whose accounts can become one."""
        return json_response(200, self.identities(request))

    def post(self, request: Request) -> HttpResponse:
        """Add the account that has signed the message of `me/identities/nonce`. It signs the worker in from
        now on, and an email says so."""
        given = self.read(request)
        worker_id = self.worker(request).pk
        chain = find_chain(given.get("chain"))

        def act() -> tuple[int, Any]:
            now = database_now()
            statement = wallet_messages.identity_statement(worker_id)
            signed = wallet_messages.verify_account(
                proof_of(given), chain=chain, now=now, statement=statement
            )
            identity = services.add_identity(worker_id=worker_id, signed=signed, now=now)
            return 201, identity_as_json(identity)

        return self.perform(request, act)


class StartIdentity(IdentitiesView):
    """`me/identities/nonce`."""

    endpoints = {"POST": Endpoint("start_identity", Nonce, takes=AccountForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Return a message for the account to sign, good once and for 5 minutes."""
        given = self.read(request)
        chain = find_chain(given.get("chain"))
        address = normal_account(given["wallet_address"], chain=chain)
        statement = wallet_messages.identity_statement(self.worker(request).pk)

        def act() -> tuple[int, Any]:
            return 201, nonce_as_json(services.make_nonce(), address, statement=statement, chain=chain)

        return self.perform(request, act)


class RemoveIdentity(IdentitiesView):
    """`me/identities/{identity_id}/remove`."""

    endpoints = {"POST": Endpoint("remove_identity", MyIdentities, takes=NothingForm)}

    def post(self, request: Request, identity_id: UUID) -> HttpResponse:
        """Remove the identity and end the sessions that it has opened."""
        self.read(request)
        worker_id = self.worker(request).pk

        def act() -> tuple[int, Any]:
            ChainIdentity.objects.get(pk=identity_id, worker_id=worker_id)
            services.remove_identity(worker_id=worker_id, identity_id=identity_id)
            return 200, self.identities(request)

        return self.perform(request, act)
