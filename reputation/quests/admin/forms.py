"""Forms on the staff's pages of quests."""

from django import forms

from gigstream.adminkit import ReasonForm
from gigstream.core.errors import clean_field
from gigstream.core.money import exact_amount


class OutflowLimitForm(ReasonForm):
    """The rewards of an hour at most."""

    limit = forms.CharField(
        label="Granted in an hour at most (USDC, or points)",
        max_length=21,
        required=False,
        help_text="empty: the limit of the house",
    )
    field_order = ("limit", "reason")

    def clean_limit(self) -> str:
        """Return the exact amount as text, or an empty text for none."""
        text = self.cleaned_data["limit"].strip()
        return clean_field(lambda given: f"{exact_amount(given):f}", text) if text else ""
