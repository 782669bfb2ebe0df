"""The forms by which staff come in and choose their passwords, and the pages of their second factor."""

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

from gigstream.console import services
from gigstream.console.models import DIGITS, STEP_SECONDS, Authenticator, RecoveryCodes
from gigstream.lib.errors import Refusal

ISSUER = "GigStream"
LONGEST_CODE = 32
LONGEST_TOKEN = 128
# In the session: which new app is offered there, and until when.
OFFERED = "offered_authenticator"
OFFERED_SECONDS = 600


def _typed(completed: str) -> forms.TextInput:
    return forms.TextInput({"autocomplete": completed, "class": " ".join(BASE_INPUT_CLASSES)})


def _hidden() -> forms.PasswordInput:
    return forms.PasswordInput({"autocomplete": "new-password", "class": " ".join(BASE_INPUT_CLASSES)})


class SignInForm(AuthenticationForm):
    """Name, password and, of those who have a second factor, its code: asked for together, so that nobody is
    told which of them was wrong."""

    code = forms.CharField(
        required=False,
        max_length=LONGEST_CODE,
        help_text="From your app, or one of your recovery codes. Leave it empty while you have neither.",
        widget=_typed("one-time-code"),
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


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """A member of staff has another password. Guesses at the old one are counted as those of signing in."""

    user: Any

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        try:
            services.require_themselves("staff.change_password", user_id=self.user.pk, password=old)
        except Refusal as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        return old

    def save(self, commit: bool = True) -> Any:
        encoded = make_password(self.cleaned_data["new_password1"])
        self.user = services.change_password(user_id=self.user.pk, encoded=encoded)
        return self.user


class ChoosePasswordForm(forms.Form):
    """The code that somebody was sent, and the password that they choose with it."""

    code = forms.CharField(max_length=LONGEST_TOKEN, widget=_typed("off"))
    password1 = forms.CharField(label="New password", widget=_hidden())
    password2 = forms.CharField(label="New password, once more", widget=_hidden())

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
    """For who was sent a code and is not signed in: the code and a new password."""
    form = ChoosePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Your password is chosen: log in with it.")
        return HttpResponseRedirect(reverse("admin:login"))
    context = {**admin.site.each_context(request), "title": "Choose your password", "form": form}
    return TemplateResponse(request, "console/choose_password.html", context)


@never_cache
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
    user_id, code = authenticator.user_id, _code(request)
    if authenticator.confirmed:
        return services.new_recovery_codes(user_id=user_id, code=code)
    confirmed, codes = services.confirm_authenticator(
        user_id=user_id, code=code, session_key=_session_key(request)
    )
    remember(request, confirmed)
    return codes


def _code(request: HttpRequest) -> str:
    """The code as it was made, however it was typed."""
    return request.POST.get("code", "").replace(" ", "").lower()[:LONGEST_CODE]


def _session_key(request: HttpRequest) -> str:
    return request.session.session_key or ""


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def replace_second_factor(request: HttpRequest) -> HttpResponse:
    """Another app in the place of the one in use: password and a code first, then a code of the new app."""
    if not Authenticator.objects.filter(user=request.user.pk, confirmed=True).exists():
        return HttpResponseRedirect(reverse("console:second-factor"))
    codes: Any = None
    error = ""
    if request.method == "POST":
        try:
            codes = _replace(request)
        except Refusal as refusal:
            error = refusal.message
    offered = None if codes else _offered_here(request)
    context = {
        **admin.site.each_context(request),
        "title": "Replace your app",
        "codes": codes,
        "error": error,
        "offered": offered,
        **(_picture(offered) if offered else {}),
    }
    return TemplateResponse(request, "console/replace_second_factor.html", context)


def _replace(request: HttpRequest) -> Any:
    """The new recovery codes, when the new app counts; None while it is only offered."""
    user_id: Any = request.user.pk
    offered = _offered_here(request)
    if offered is None or "password" in request.POST:
        made = services.offer_replacement(
            user_id=user_id, password=request.POST.get("password", ""), code=_code(request)
        )
        request.session[OFFERED] = [made.pk, int(time.time()) + OFFERED_SECONDS]
        return None
    confirmed, codes = services.replace_authenticator(
        user_id=user_id, code=_code(request), session_key=_session_key(request)
    )
    del request.session[OFFERED]
    remember(request, confirmed)
    return codes


def _offered_here(request: HttpRequest) -> Authenticator | None:
    """What this session, in which the person has shown that it is them, may take over into an app."""
    key, until = request.session.get(OFFERED, (None, 0))
    if key is None or time.time() >= until:
        return None
    return Authenticator.objects.filter(pk=key, user=request.user.pk, confirmed=False).first()


def _picture(authenticator: Authenticator) -> dict[str, str]:
    """The key as an app reads it: in a QR code, drawn here, and as text to type."""
    secret = base64.b32encode(bytes.fromhex(authenticator.key)).decode()
    asked = {"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_SECONDS}
    uri = f"otpauth://totp/{quote(f'{ISSUER}:{authenticator.user.get_username()}')}?{urlencode(asked)}"
    drawn = segno.make(uri, error="m", micro=False).svg_data_uri(scale=5, border=3, light="white")
    return {"qr": drawn, "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
