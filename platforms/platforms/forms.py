"""Forms and results on the staff's pages of platforms and keys."""

from typing import Any

from django import forms
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget

from gigstream.adminkit import ActionResult, CorrectionForm, ReasonForm
from gigstream.core.errors import clean_field
from gigstream.core.money import BPS, InvalidAmount, exact_amount
from gigstream.core.people.emails import normal_email
from gigstream.core.people.names import normal_name, optional_name
from platforms import services
from platforms.models import ApiKey, Platform
from platforms.platforms.scopes import default_scopes, scope_choices


class PlatformForm(CorrectionForm):
    """Corrections of a platform's name and contact."""

    def clean_name(self) -> str:
        """Return the name as registration keeps it."""
        return clean_field(normal_name, self.cleaned_data["name"])

    def clean_contact_email(self) -> str:
        """Return the address as registration keeps it."""
        return clean_field(normal_email, self.cleaned_data["contact_email"])


class FeeForm(ReasonForm):
    fee_bps = forms.IntegerField(
        min_value=0, max_value=BPS, label="Fee in basis points", help_text="200 is 2 %"
    )
    field_order = ("fee_bps", "reason")


class BonusLimitForm(ReasonForm):
    limit = forms.CharField(
        label="A task's bonuses at most (USDC)",
        max_length=21,
        required=False,
        help_text="empty: the task's own pay",
    )
    field_order = ("limit", "reason")

    def clean_limit(self) -> str:
        """Return the exact amount as text, or an empty text for none."""
        text = self.cleaned_data["limit"].strip()
        try:
            return f"{exact_amount(text, allow_zero=True):f}" if text else ""
        except InvalidAmount as error:
            raise forms.ValidationError(error.message) from error


class NewKeyForm(ReasonForm):
    """A key that staff make for a platform."""

    name = forms.CharField(max_length=60, required=False)
    scopes = forms.MultipleChoiceField(
        choices=scope_choices,
        initial=default_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="taking money out (withdrawals:write) is in no key unless it is ticked",
    )
    field_order = ("name", "scopes", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].widget.attrs["class"] = " ".join(CHECKBOX_CLASSES)

    def clean_name(self) -> str:
        """Return the name as the API keeps it."""
        return clean_field(optional_name, self.cleaned_data["name"])


class RequestLimitsForm(ReasonForm):
    per_key = forms.IntegerField(
        min_value=1, required=False, label="Of each key", help_text="a minute; empty is the usual limit"
    )
    together = forms.IntegerField(
        min_value=1, required=False, label="Of all keys", help_text="a minute; empty is the usual limit"
    )
    field_order = ("per_key", "together", "reason")


def rotate_key(key: ApiKey, reason: str) -> ActionResult:
    """Rotate the key and show the text of the new key this once."""
    made, text = services.rotate_api_key(key_id=key.pk, reason=reason)
    return ActionResult(f"The new key {made.name or made.prefix} of {key.platform}:", secret=text)


def add_key(platform: Platform, name: str, scopes: list[str], reason: str) -> ActionResult:
    """Make a key of the platform and show its text this once."""
    made, text = services.create_api_key(platform_id=platform.pk, name=name, scopes=scopes, reason=reason)
    return ActionResult(f"The new key {made.name or made.prefix} of {platform}:", secret=text)
