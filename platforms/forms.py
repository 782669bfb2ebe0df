"""What staff are asked for on the pages of platforms and disputes."""

from decimal import Decimal
from typing import Any

from django import forms

from gigstream.lib.admin import ReasonForm
from gigstream.lib.money import BPS, ZERO, InvalidAmount, usdc
from gigstream.lib.money import amount as exact
from platforms.enums import DisputeOutcome
from platforms.funding import funding


class PlatformForm(forms.ModelForm):
    def clean_contact_email(self) -> str:
        """Kept in lower case, as registration does."""
        return self.cleaned_data["contact_email"].strip().lower()


class FeeForm(ReasonForm):
    fee_bps = forms.IntegerField(
        min_value=0, max_value=BPS, label="Fee in basis points", help_text="200 is 2 %"
    )
    field_order = ("fee_bps", "reason")


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
