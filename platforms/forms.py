"""What staff are asked for, and shown once, on the pages of platforms, keys and disputes."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget

from gigstream.lib.admin import CorrectionForm, ReasonForm, Told
from gigstream.lib.emails import normal_email
from gigstream.lib.errors import cleaned
from gigstream.lib.money import BPS, ZERO, InvalidAmount, usdc
from gigstream.lib.money import amount as exact
from gigstream.lib.names import normal_name, optional_name
from platforms import services
from platforms.enums import ApiScope, DisputeOutcome, default_scopes
from platforms.funding import funding
from platforms.models import ApiKey, Platform


class PlatformForm(CorrectionForm):
    """Corrections of a platform's name and contact."""

    def clean_name(self) -> str:
        """Return the name as registration keeps it."""
        return cleaned(normal_name, self.cleaned_data["name"])

    def clean_contact_email(self) -> str:
        """Return the address as registration keeps it."""
        return cleaned(normal_email, self.cleaned_data["contact_email"])


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
        help_text="empty: what the task itself pays",
    )
    field_order = ("limit", "reason")

    def clean_limit(self) -> str:
        """An amount, or nothing."""
        text = self.cleaned_data["limit"].strip()
        try:
            return f"{exact(text, allow_zero=True):f}" if text else ""
        except InvalidAmount as error:
            raise forms.ValidationError(error.message) from error


class NewKeyForm(ReasonForm):
    """A key that staff make for a platform."""

    name = forms.CharField(max_length=60, required=False)
    scopes = forms.MultipleChoiceField(
        choices=ApiScope.choices,
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
        return cleaned(optional_name, self.cleaned_data["name"])


class RequestLimitsForm(ReasonForm):
    per_key = forms.IntegerField(
        min_value=1, required=False, label="Of one key", help_text="a minute; empty is the usual limit"
    )
    together = forms.IntegerField(
        min_value=1, required=False, label="Of all keys", help_text="a minute; empty is the usual limit"
    )
    field_order = ("per_key", "together", "reason")


def still_held(dispute: Any) -> Decimal | None:
    """What an open dispute still holds back."""
    return None if dispute.resolved_at else funding().still_held(dispute.task)


class SplitForm(ReasonForm):
    """How the money that is still held is split: the worker's part, and the rest goes back."""

    outcome = forms.ChoiceField(choices=DisputeOutcome.choices, label="Who was right")
    worker_amount = forms.CharField(label="For the worker (USDC)", max_length=21)
    field_order = ("outcome", "worker_amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = usdc(still_held(self.rows[0]) or ZERO) if self.rows else ""
        self.fields["worker_amount"].help_text = f"{held} is still held; the rest goes back to the platform."

    def clean_worker_amount(self) -> Decimal:
        """An amount of what is held. That it still is, the service checks under its locks."""
        try:
            value = exact(self.cleaned_data["worker_amount"].strip(), allow_zero=True)
        except InvalidAmount as error:
            raise forms.ValidationError(error.message) from error
        held = still_held(self.rows[0]) or ZERO
        if value > held:
            raise forms.ValidationError(f"only {usdc(held)} is still held")
        return value


def new_secret(platform: Platform, reason: str) -> Told:
    """The platform's webhook has a new secret, told this once."""
    secret = services.rotate_webhook_secret(platform_id=platform.pk, reason=reason)
    return Told(f"The new webhook secret of {platform}:", secret=secret)


def new_key(key: ApiKey, reason: str) -> Told:
    """The key has a successor, told this once."""
    made, text = services.rotate_api_key(key_id=key.pk, reason=reason)
    return Told(f"The new key {made.name or made.prefix} of {key.platform}:", secret=text)


def further_key(platform: Platform, name: str, scopes: list[str], reason: str) -> Told:
    """The platform has one more key, told this once."""
    made, text = services.create_api_key(platform_id=platform.pk, name=name, scopes=scopes, reason=reason)
    return Told(f"The new key {made.name or made.prefix} of {platform}:", secret=text)
