"""Forms of actions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from gigstream.core.errors import clean_field
from gigstream.core.money import exact_amount

LONGEST_REASON = 500
# Longer than any amount, so that the message about an amount names the mistake.
LONGEST_AMOUNT = 60


def _css_classes(widget: forms.Widget) -> Sequence[str]:
    """Return the classes of unfold's own fields."""
    if isinstance(widget, forms.Textarea):
        return TEXTAREA_CLASSES
    return SELECT_CLASSES if isinstance(widget, forms.Select) else INPUT_CLASSES


class ActionForm(forms.Form):
    """The input of an action; `rows` are the selected rows."""

    def __init__(self, *args: Any, rows: Sequence[models.Model], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for bound in self.fields.values():
            bound.widget.attrs["class"] = " ".join(_css_classes(bound.widget))


class ReasonForm(ActionForm):
    """The reason, for actions with consequences."""

    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3}))


class AmountField(forms.CharField):
    """An amount of USDC, read exactly or refused with the reason."""

    def __init__(self, *, label: str = "Amount (USDC)", allow_zero: bool = False, **kwargs: Any) -> None:
        super().__init__(label=label, max_length=LONGEST_AMOUNT, **kwargs)
        self.allow_zero = allow_zero

    def clean(self, value: Any) -> Decimal | None:
        """Return the amount, None for an empty field that may be empty."""
        text = super().clean(value).strip()
        return clean_field(self._read, text) if text else None

    def _read(self, text: str) -> Decimal:
        return exact_amount(text, allow_zero=self.allow_zero)
