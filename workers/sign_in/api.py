"""Sign-in over the API. Requests and answers are secret here, so nothing is kept for replays: an
Idempotency-Key is not read."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.views import ApiView, json_response
from gigstream.core.clock import database_now
from gigstream.sign_in import browsers, devices
from workers import services
from workers.services import SignedIn
from workers.sign_in.schemas import (
    Acknowledgement,
    ConfirmationForm,
    PasswordForm,
    RefreshForm,
    RegisterForm,
    RenewalForm,
    ResetForm,
    ResetRequestForm,
    SignedOut,
    Tokens,
    WalletProofForm,
    tokens_as_json,
)
from workers.wallets import messages as wallet_messages
from workers.wallets.chains import find_chain, normal_account
from workers.wallets.schemas import AccountForm, Nonce, nonce_as_json, proof_of


class SignInView(ApiView):
    """Base view for people who are not signed in: no credential is read."""

    authentication_classes = ()
    resource = "auth"

    def answer_tokens(
        self,
        request: Request,
        given: Mapping[str, Any],
        sign_in: Callable[[str], SignedIn],
        status: int = 200,
    ) -> HttpResponse:
        """Return the tokens of `sign_in`, which takes the id of the app or browser, and leave a browser its
        id."""
        device_id = browsers.find_device(request.COOKIES, given.get("device_id", ""))
        is_new, device_id = not device_id, device_id or browsers.new_device_id()
        response = json_response(status, tokens_as_json(sign_in(device_id)))
        if is_new:
            path = request.path.partition("/auth/")[0]
            browsers.remember_browser(response, device_id, path=f"{path}/auth/")
        return response


class Register(SignInView):
    """`auth/register`: the same answer for every address."""

    endpoints = {"POST": Endpoint("register", Acknowledgement, takes=RegisterForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Send a letter to the address. Its token makes the account; the owner of an existing account gets a
        letter that says so. A wallet is named afterwards, by `me/wallet`."""
        services.request_registration(**self.read(request))
        return json_response(202, {"detail": "an email is on its way: confirm with the token in it"})


class ConfirmRegistration(SignInView):
    """`auth/confirm`."""

    endpoints = {"POST": Endpoint("confirm_registration", Tokens, takes=ConfirmationForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Make the account with the token from the letter, and sign in."""
        given = self.read(request)
        return self.answer_tokens(
            request,
            given,
            lambda device_id: services.confirm_registration(token=given["token"], device_id=device_id),
            status=201,
        )


class Login(SignInView):
    """`auth/login`."""

    endpoints = {"POST": Endpoint("sign_in", Tokens, takes=PasswordForm)}

    def post(self, request: Request) -> HttpResponse:
        """Sign in with email address and password. The cookie of the answer, sent again, keeps failures of
        strangers from locking this device out."""
        given = self.read(request)
        device = request.COOKIES.get(devices.COOKIE, "")
        response = self.answer_tokens(
            request,
            given,
            lambda device_id: services.sign_in(
                email=given["email"], password=given["password"], device=device, device_id=device_id
            ),
        )
        if devices.known_device(given["email"], device) is None:
            devices.remember_device(response, given["email"], path=request.path)
        return response


class Refresh(SignInView):
    """`auth/refresh`."""

    endpoints = {"POST": Endpoint("refresh_session", Tokens, takes=RenewalForm)}

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        return self.answer_tokens(
            request,
            given,
            lambda device_id: services.refresh_session(token=given["refresh_token"], device_id=device_id),
        )


class Logout(SignInView):
    """`auth/logout`: the same answer for every token."""

    endpoints = {"POST": Endpoint("sign_out", SignedOut, takes=RefreshForm)}

    def post(self, request: Request) -> HttpResponse:
        services.close_session(token=self.read(request)["refresh_token"])
        return json_response(200, {"signed_in": False})


class RequestPasswordReset(SignInView):
    """`auth/password-reset`: the same answer for every address."""

    endpoints = {
        "POST": Endpoint("request_password_reset", Acknowledgement, takes=ResetRequestForm, status=202)
    }

    def post(self, request: Request) -> HttpResponse:
        services.request_password_reset(**self.read(request))
        return json_response(202, {"detail": "if a worker has this address, an email is on its way"})


class ConfirmPasswordReset(SignInView):
    """`auth/password-reset/confirm`."""

    endpoints = {"POST": Endpoint("reset_password", Acknowledgement, takes=ResetForm)}

    def post(self, request: Request) -> HttpResponse:
        services.reset_password(**self.read(request))
        return json_response(200, {"detail": "the password is changed; sign in with it"})


class StartWalletSignIn(SignInView):
    """`auth/wallet/nonce`: a nonce, in a message that is ready to be signed."""

    endpoints = {"POST": Endpoint("start_wallet_sign_in", Nonce, takes=AccountForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Return a message for the account to sign: a worker's wallet, or one of their identities."""
        given = self.read(request)
        chain = find_chain(given.get("chain"))
        address = normal_account(given["wallet_address"], chain=chain)
        message = nonce_as_json(
            services.make_nonce(), address, statement=wallet_messages.SIGN_IN, chain=chain
        )
        return json_response(201, message)


class VerifyWallet(SignInView):
    """`auth/wallet/verify`."""

    endpoints = {"POST": Endpoint("sign_in_with_wallet", Tokens, takes=WalletProofForm)}

    def post(self, request: Request) -> HttpResponse:
        """Sign in the worker whose wallet or identity has signed. An account that is neither opens nothing
        and makes no worker."""
        given = self.read(request)
        chain = find_chain(given.get("chain"))
        now = database_now()
        signed = wallet_messages.verify_account(proof_of(given), chain=chain, now=now)
        return self.answer_tokens(
            request,
            given,
            lambda device_id: services.sign_in_with_wallet(signed=signed, device_id=device_id, now=now),
        )
