"""A worker's accounts of social networks over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.views import json_response
from workers import services
from workers.models import SocialAccount
from workers.sign_in.views import MyView
from workers.social.schemas import (
    AuthorizationForm,
    MySocialAccounts,
    SocialAccountRow,
    SocialNetworkForm,
    StartedAuthorizationRow,
    social_account_as_json,
    social_accounts_as_json,
)
from workers.social.selectors import linked_accounts


class SocialAccountsView(MyView):
    """Base view of the worker's accounts of social networks."""

    def accounts(self, request: Request) -> dict[str, Any]:
        return social_accounts_as_json(linked_accounts(worker_id=self.worker(request).pk))


class MySocialAccountsView(SocialAccountsView):
    """`me/social-accounts`."""

    endpoints = {
        "GET": Endpoint("list_my_social_accounts", MySocialAccounts),
        "POST": Endpoint(
            "start_social_account", StartedAuthorizationRow, takes=SocialNetworkForm, status=201
        ),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the worker's linked accounts, and the networks whose accounts can be linked."""
        return json_response(200, self.accounts(request))

    def post(self, request: Request) -> HttpResponse:
        """Begin to link an account: open the address in a browser, and bring what the network sends back to
        `me/social-accounts/complete` within 10 minutes."""
        network = self.read(request)["network"]
        worker_id = self.worker(request).pk
        visible_once: dict[str, Any] = {}

        def act() -> tuple[int, Any]:
            started = services.start_social_account(worker_id=worker_id, network=network)
            visible_once["authorization_url"] = started.url
            visible_once["state"] = started.state
            return 201, {"expires_at": started.expires_at}

        return self.perform(request, act, visible_once=visible_once)


class CompleteSocialAccount(SocialAccountsView):
    """`me/social-accounts/complete`."""

    endpoints = {"POST": Endpoint("complete_social_account", SocialAccountRow, takes=AuthorizationForm)}

    def post(self, request: Request) -> HttpResponse:
        """Link the account of the user who has consented at the network. The state works once, and only for
        the worker who has begun."""
        given = self.read(request)
        worker_id = self.worker(request).pk
        answered = self.find_answer(request)
        if answered is not None:
            return answered
        user = services.redeem_authorization(worker_id=worker_id, **given)

        def act() -> tuple[int, Any]:
            account = services.link_social_account(worker_id=worker_id, user=user)
            return 200, social_account_as_json(account)

        return self.perform(request, act)


class UnlinkSocialAccount(SocialAccountsView):
    """`me/social-accounts/{account_id}/unlink`."""

    endpoints = {"POST": Endpoint("unlink_social_account", MySocialAccounts, takes=NothingForm)}

    def post(self, request: Request, account_id: UUID) -> HttpResponse:
        """Unlink the account. For 30 days nobody else can link it; you can, at any time."""
        self.read(request)
        worker_id = self.worker(request).pk

        def act() -> tuple[int, Any]:
            SocialAccount.objects.get(pk=account_id, worker_id=worker_id, unlinked_at=None)
            services.unlink_social_account(worker_id=worker_id, account_id=account_id)
            return 200, self.accounts(request)

        return self.perform(request, act)
