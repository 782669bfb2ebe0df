"""Forms for sign-in and passwords of staff, and the pages of their second factor."""

import base64
import time
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp import login as remember
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES

from gigstream.core.errors import Refusal
from gigstream.staff import services
from gigstream.staff.models import DIGITS, STEP_SECONDS, Authenticator, RecoveryCodes

ISSUER = "GigStream"
LONGEST_CODE = 32
LONGEST_TOKEN = 128
# Session key of the offered app's id and the time until which the offer holds.
OFFERED = "offered_authenticator"
OFFERED_SECONDS = 600


def _text_input(completed: str) -> forms.TextInput:
    return forms.TextInput({"autocomplete": completed, "class": " ".join(BASE_INPUT_CLASSES)})


def _password_input() -> forms.PasswordInput:
    return forms.PasswordInput({"autocomplete": "new-password", "class": " ".join(BASE_INPUT_CLASSES)})


class SignInForm(AuthenticationForm):
    """Sign-in form with name, password and second-factor code on one page: an error does not reveal which of
    them was wrong."""

    code = forms.CharField(
        required=False,
        max_length=LONGEST_CODE,
        help_text="From your app, or a recovery code. Leave it empty while you have neither.",
        widget=_text_input("one-time-code"),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("username") and given.get("password") and "code" in given:
            try:
                self.user_cache = services.verify_sign_in(
                    self.request,
                    username=given["username"],
                    password=given["password"],
                    code=given["code"].replace(" ", "").lower(),
                )
            except Refusal as refusal:
                raise ValidationError(refusal.message, code=refusal.code) from refusal
        return given


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Form to change the own password. Wrong old passwords count as failures to sign in."""

    user: Any

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        try:
            services.require_reauthentication("staff.change_password", user_id=self.user.pk, password=old)
        except Refusal as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        return old

    def save(self, commit: bool = True) -> Any:
        encoded = make_password(self.cleaned_data["new_password1"])
        self.user = services.change_password(user_id=self.user.pk, encoded=encoded)
        return self.user


class ChoosePasswordForm(forms.Form):
    """Form to choose a password with an emailed code."""

    code = forms.CharField(max_length=LONGEST_TOKEN, widget=_text_input("off"))
    password1 = forms.CharField(label="New password", widget=_password_input())
    password2 = forms.CharField(label="New password, once more", widget=_password_input())

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "password1" not in given or "password2" not in given or "code" not in given:
            return given
        if given["password1"] != given["password2"]:
            raise ValidationError("the two passwords are not the same")
        try:
            services.choose_password(code=given["code"], password=given["password1"])
        except Refusal as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        return given


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """Show the form to choose a password with a code; no session is needed."""
    form = ChoosePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Your password is chosen: log in with it.")
        return HttpResponseRedirect(reverse("admin:login"))
    context = {**admin.site.each_context(request), "title": "Choose your password", "form": form}
    return TemplateResponse(request, "console/choose_password.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Create the key to set up an app, show it and confirm its first code; later, show the number of recovery
    codes left and renew them."""
    user: Any = request.user
    if request.method == "POST" and "set_up" in request.POST:
        services.offer_authenticator(user=user)
        return HttpResponseRedirect(reverse("console:second-factor"))
    authenticator = services.find_authenticator(user)
    was_confirmed = authenticator is not None and authenticator.confirmed
    codes: Any = None
    error = ""
    if request.method == "POST" and authenticator is not None:
        try:
            codes = _confirm_or_renew(request, authenticator)
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
        **({} if was_confirmed or authenticator is None else _rendered_key(authenticator)),
    }
    return TemplateResponse(request, "console/second_factor.html", context)


def _confirm_or_renew(request: HttpRequest, authenticator: Authenticator) -> Any:
    user_id, code = authenticator.user_id, _entered_code(request)
    if authenticator.confirmed:
        return services.new_recovery_codes(user_id=user_id, code=code)
    confirmed, codes = services.confirm_authenticator(
        user_id=user_id, code=code, session_key=_session_key(request)
    )
    remember(request, confirmed)
    return codes


def _entered_code(request: HttpRequest) -> str:
    """Return the entered code without spaces, in lower case."""
    return request.POST.get("code", "").replace(" ", "").lower()[:LONGEST_CODE]


def _session_key(request: HttpRequest) -> str:
    return request.session.session_key or ""


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def replace_second_factor(request: HttpRequest) -> HttpResponse:
    """Replace the app in use: password and a code first, then a code of the new app."""
    if not Authenticator.objects.filter(user=request.user.pk, confirmed=True).exists():
        return HttpResponseRedirect(reverse("console:second-factor"))
    codes: Any = None
    error = ""
    if request.method == "POST":
        try:
            codes = _replace_app(request)
        except Refusal as refusal:
            error = refusal.message
    offered = None if codes else _offered_authenticator(request)
    context = {
        **admin.site.each_context(request),
        "title": "Replace your app",
        "codes": codes,
        "error": error,
        "offered": offered,
        **(_rendered_key(offered) if offered else {}),
    }
    return TemplateResponse(request, "console/replace_second_factor.html", context)


def _replace_app(request: HttpRequest) -> Any:
    """Return the new recovery codes once the new app is confirmed, None while it is only offered."""
    user_id: Any = request.user.pk
    offered = _offered_authenticator(request)
    if offered is None or "password" in request.POST:
        made = services.offer_replacement(
            user_id=user_id, password=request.POST.get("password", ""), code=_entered_code(request)
        )
        request.session[OFFERED] = [made.pk, int(time.time()) + OFFERED_SECONDS]
        return None
    confirmed, codes = services.replace_authenticator(
        user_id=user_id, code=_entered_code(request), session_key=_session_key(request)
    )
    del request.session[OFFERED]
    remember(request, confirmed)
    return codes


def _offered_authenticator(request: HttpRequest) -> Authenticator | None:
    """Return the authenticator that this re-authenticated session may set up, if its offer still holds."""
    key, until = request.session.get(OFFERED, (None, 0))
    if key is None or time.time() >= until:
        return None
    return Authenticator.objects.filter(pk=key, user=request.user.pk, confirmed=False).first()


def _rendered_key(authenticator: Authenticator) -> dict[str, str]:
    """Return the key for an app: as a QR code, drawn here, and as text to type."""
    secret = base64.b32encode(bytes.fromhex(authenticator.key)).decode()
    query = {"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_SECONDS}
    uri = f"otpauth://totp/{quote(f'{ISSUER}:{authenticator.user.get_username()}')}?{urlencode(query)}"
    drawn = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, border=3, light="white")
    return {"qr": drawn, "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
