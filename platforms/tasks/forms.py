from decimal import Decimal
from typing import Any

from django import forms

from gigstream.adminkit import ReasonForm
from gigstream.core.money import ZERO, InvalidAmount, exact_amount, usdc
from platforms.tasks.enums import DisputeOutcome
from platforms.tasks.funding import task_funding


def still_held(dispute: Any) -> Decimal | None:
    """Return the amount that an open dispute still holds, None once it is resolved."""
    return None if dispute.resolved_at else task_funding().still_held(dispute.task)


class SplitForm(ReasonForm):
    """The split of the money that is still held: the worker's part; the rest goes back."""

    outcome = forms.ChoiceField(choices=DisputeOutcome.choices, label="Who was right")
    worker_amount = forms.CharField(label="For the worker (USDC)", max_length=21)
    field_order = ("outcome", "worker_amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = usdc(still_held(self.rows[0]) or ZERO) if self.rows else ""
        self.fields["worker_amount"].help_text = f"{held} is still held; the rest goes back to the platform."

    def clean_worker_amount(self) -> Decimal:
        """Return the worker's part of the held amount. The service checks it again under its locks."""
        try:
            value = exact_amount(self.cleaned_data["worker_amount"].strip(), allow_zero=True)
        except InvalidAmount as error:
            raise forms.ValidationError(error.message) from error
        held = still_held(self.rows[0]) or ZERO
        if value > held:
            raise forms.ValidationError(f"only {usdc(held)} is still held")
        return value
