"""Signing in over the API. What is sent and answered here is secret, so nothing of it is kept for replays: an
Idempotency-Key is not read."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from audit.http import ApiView, json
from gigstream.lib.addresses import normal_address
from gigstream.lib.clock import database_now
from workers import services, wallet_messages
from workers.api.serializers import (
    NonceForm,
    PasswordForm,
    RefreshForm,
    RegisterForm,
    ResetForm,
    ResetRequestForm,
    WalletForm,
    shown_tokens,
)


class SignInView(ApiView):
    """For people who are not signed in: no credential is read."""

    authentication_classes = ()
    form: ClassVar[type[serializers.Serializer]]


class Register(SignInView):
    """`auth/register`."""

    form = RegisterForm

    def post(self, request: Request) -> HttpResponse:
        return json(201, shown_tokens(services.sign_up(**self.read(request, self.form))))


class Login(SignInView):
    """`auth/login`."""

    form = PasswordForm

    def post(self, request: Request) -> HttpResponse:
        return json(200, shown_tokens(services.sign_in(**self.read(request, self.form))))


class Refresh(SignInView):
    """`auth/refresh`."""

    form = RefreshForm

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request, self.form)
        return json(200, shown_tokens(services.refresh_session(token=given["refresh_token"])))


class Logout(SignInView):
    """`auth/logout`: the same answer whatever the token was."""

    form = RefreshForm

    def post(self, request: Request) -> HttpResponse:
        services.close_session(token=self.read(request, self.form)["refresh_token"])
        return json(200, {"signed_in": False})


class RequestPasswordReset(SignInView):
    """`auth/password-reset`: the same answer whoever has the address."""

    form = ResetRequestForm

    def post(self, request: Request) -> HttpResponse:
        services.request_password_reset(**self.read(request, self.form))
        return json(202, {"detail": "if a worker has this address, an email is on its way"})


class ConfirmPasswordReset(SignInView):
    """`auth/password-reset/confirm`."""

    form = ResetForm

    def post(self, request: Request) -> HttpResponse:
        services.reset_password(**self.read(request, self.form))
        return json(200, {"detail": "the password is changed; sign in with it"})


class StartWalletSignIn(SignInView):
    """`auth/wallet/nonce`: a nonce, and a message with it that is ready to be signed."""

    form = NonceForm

    def post(self, request: Request) -> HttpResponse:
        address = normal_address(self.read(request, self.form)["wallet_address"])
        now = database_now()
        nonce = services.start_wallet_sign_in(now=now)
        message = wallet_messages.message_for(
            address, nonce=nonce.nonce, now=now, expires_at=nonce.expires_at
        )
        return json(201, {"nonce": nonce.nonce, "expires_at": nonce.expires_at, "message": message})


class VerifyWallet(SignInView):
    """`auth/wallet/verify`."""

    form = WalletForm

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request, self.form)
        now = database_now()
        signed = wallet_messages.verified(given["message"], given["signature"], now=now)
        return json(200, shown_tokens(services.sign_in_with_wallet(signed=signed, now=now)))
