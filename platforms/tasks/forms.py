from decimal import Decimal
from typing import Any

from django import forms

from gigstream.adminkit import AmountField, ReasonForm
from gigstream.core.money import ZERO, usdc
from platforms.tasks.enums import DisputeOutcome
from platforms.tasks.funding import task_funding


def still_held(dispute: Any) -> Decimal | None:
    """Return the amount that an open dispute still holds, None once it is resolved."""
    return None if dispute.resolved_at else task_funding().still_held(dispute.task)


# Each choice with its consequence for the task; the context of the page has that for the reputation.
OUTCOMES = (
    (DisputeOutcome.WORKER, "The worker: the task is completed"),
    (DisputeOutcome.PLATFORM, "The platform: the task is cancelled, and it counts against the worker"),
    (DisputeOutcome.NOBODY, "Nobody was wrong: it counts against neither side"),
)


class SplitForm(ReasonForm):
    """The decision, and the split of the money that is still held: the worker's part; the rest goes back."""

    outcome = forms.ChoiceField(choices=[("", "Choose"), *OUTCOMES], label="Who was right")
    worker_amount = AmountField(label="For the worker (USDC)", allow_zero=True)
    field_order = ("outcome", "worker_amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = usdc(still_held(self.rows[0]) or ZERO) if self.rows else ""
        self.fields["worker_amount"].help_text = f"{held} is still held; the rest goes back to the platform."

    def clean_worker_amount(self) -> Decimal:
        """Return the worker's part of the held amount. The service checks it again under its locks."""
        value: Decimal = self.cleaned_data["worker_amount"]
        held = still_held(self.rows[0]) or ZERO
        if value > held:
            raise forms.ValidationError(f"only {usdc(held)} is still held")
        return value
