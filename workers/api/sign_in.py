"""Signing in over the API. What is sent and answered here is secret, so nothing of it is kept for replays: an
Idempotency-Key is not read."""

from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import ApiView, json
from gigstream.lib.addresses import normal_address
from gigstream.lib.api.doors import Door
from gigstream.lib.clock import database_now
from workers import devices, services, wallet_messages
from workers.api.serializers import (
    ConfirmationForm,
    Nonce,
    NonceForm,
    PasswordForm,
    RefreshForm,
    RegisterForm,
    ResetForm,
    ResetRequestForm,
    Said,
    SignedOut,
    Tokens,
    WalletForm,
    shown_nonce,
    shown_tokens,
)


class SignInView(ApiView):
    """For people who are not signed in: no credential is read."""

    authentication_classes = ()
    resource = "auth"


class Register(SignInView):
    """`auth/register`: the same answer for every address."""

    doors = {"POST": Door("register", Said, takes=RegisterForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Have a letter sent to the address. Its token makes the account; an account that there is already
        gets a letter that says so. A wallet comes afterwards, by `me/wallet`."""
        services.request_registration(**self.read(request))
        return json(202, {"detail": "an email is on its way: confirm with the token in it"})


class ConfirmRegistration(SignInView):
    """`auth/confirm`."""

    doors = {"POST": Door("confirm_registration", Tokens, takes=ConfirmationForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        """Make the account with the token from the letter, and be signed in."""
        signed_in = services.confirm_registration(token=self.read(request)["token"])
        return json(201, shown_tokens(signed_in))


class Login(SignInView):
    """`auth/login`."""

    doors = {"POST": Door("sign_in", Tokens, takes=PasswordForm)}

    def post(self, request: Request) -> HttpResponse:
        """Sign in with email address and password. The cookie of the answer, sent again, keeps failures of
        strangers from locking this device out."""
        given = self.read(request)
        device = request.COOKIES.get(devices.COOKIE, "")
        response = json(200, shown_tokens(services.sign_in(**given, device=device)))
        if devices.known_device(given["email"], device) is None:
            devices.remember_device(response, given["email"], path=request.path)
        return response


class Refresh(SignInView):
    """`auth/refresh`."""

    doors = {"POST": Door("refresh_session", Tokens, takes=RefreshForm)}

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        return json(200, shown_tokens(services.refresh_session(token=given["refresh_token"])))


class Logout(SignInView):
    """`auth/logout`: the same answer whatever the token was."""

    doors = {"POST": Door("sign_out", SignedOut, takes=RefreshForm)}

    def post(self, request: Request) -> HttpResponse:
        services.close_session(token=self.read(request)["refresh_token"])
        return json(200, {"signed_in": False})


class RequestPasswordReset(SignInView):
    """`auth/password-reset`: the same answer whoever has the address."""

    doors = {"POST": Door("request_password_reset", Said, takes=ResetRequestForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        services.request_password_reset(**self.read(request))
        return json(202, {"detail": "if a worker has this address, an email is on its way"})


class ConfirmPasswordReset(SignInView):
    """`auth/password-reset/confirm`."""

    doors = {"POST": Door("reset_password", Said, takes=ResetForm)}

    def post(self, request: Request) -> HttpResponse:
        services.reset_password(**self.read(request))
        return json(200, {"detail": "the password is changed; sign in with it"})


class StartWalletSignIn(SignInView):
    """`auth/wallet/nonce`: a nonce, and a message with it that is ready to be signed."""

    doors = {"POST": Door("start_wallet_sign_in", Nonce, takes=NonceForm, status=201)}

    def post(self, request: Request) -> HttpResponse:
        address = normal_address(self.read(request)["wallet_address"])
        return json(201, shown_nonce(services.make_nonce(), address, statement=wallet_messages.SIGN_IN))


class VerifyWallet(SignInView):
    """`auth/wallet/verify`."""

    doors = {"POST": Door("sign_in_with_wallet", Tokens, takes=WalletForm)}

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        now = database_now()
        signed = wallet_messages.verified(given["message"], given["signature"], now=now)
        return json(200, shown_tokens(services.sign_in_with_wallet(signed=signed, now=now)))
