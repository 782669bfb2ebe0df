"""The form by which staff come in, and the page of their second factor."""

import base64
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods
from django_otp import login as remember
from unfold.forms import AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from gigstream.console import services
from gigstream.console.models import DIGITS, STEP_SECONDS, Authenticator, RecoveryCodes
from gigstream.lib.errors import Refusal

ISSUER = "GigStream"
LONGEST_CODE = 32


class SignInForm(AuthenticationForm):
    """Name, password and, of those who have a second factor, its code: asked for together, so that nobody is
    told which of them was wrong."""

    code = forms.CharField(
        required=False,
        max_length=LONGEST_CODE,
        help_text="From your app, or one of your recovery codes. Leave it empty while you have neither.",
        widget=forms.TextInput({"autocomplete": "one-time-code", "class": " ".join(BASE_INPUT_CLASSES)}),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("username") and given.get("password") and "code" in given:
            try:
                self.user_cache = services.recognise(
                    self.request,
                    username=given["username"],
                    password=given["password"],
                    code=given["code"].replace(" ", "").lower(),
                )
            except Refusal as refusal:
                raise ValidationError(refusal.message, code=refusal.code) from refusal
        return given


@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Take a key over into an app and show a first code; later, how many recovery codes are left."""
    user: Any = request.user
    authenticator = services.offered_authenticator(user)
    was_confirmed = authenticator.confirmed
    codes: Any = None
    error = ""
    if request.method == "POST":
        try:
            codes = _act(request, authenticator)
        except Refusal as refusal:
            error = refusal.message
    left = RecoveryCodes.objects.filter(user=user).first()
    context = {
        **admin.site.each_context(request),
        "title": "Second factor",
        "codes": codes,
        "error": error,
        "confirmed": was_confirmed or codes is not None,
        "left": len(left.hashes) if left else 0,
        **({} if was_confirmed else _picture(authenticator)),
    }
    return TemplateResponse(request, "console/second_factor.html", context)


def _act(request: HttpRequest, authenticator: Authenticator) -> Any:
    code = request.POST.get("code", "").replace(" ", "")[:LONGEST_CODE]
    if authenticator.confirmed:
        return services.new_recovery_codes(user_id=authenticator.user_id, code=code)
    confirmed, codes = services.confirm_authenticator(user_id=authenticator.user_id, code=code)
    remember(request, confirmed)
    return codes


def _picture(authenticator: Authenticator) -> dict[str, str]:
    """The key as an app reads it: in a QR code, drawn here, and as text to type."""
    secret = base64.b32encode(bytes.fromhex(authenticator.key)).decode()
    asked = {"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_SECONDS}
    uri = f"otpauth://totp/{quote(f'{ISSUER}:{authenticator.user.get_username()}')}?{urlencode(asked)}"
    drawn = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, border=3, light="white")
    return {"qr": drawn, "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
