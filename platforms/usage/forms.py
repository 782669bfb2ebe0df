"""Forms of the staff's pages about usage."""

from django import forms

from gigstream.adminkit import ReasonForm
from platforms.usage.enums import RuleKind


class UsageRuleForm(ReasonForm):
    kind = forms.ChoiceField(choices=RuleKind.choices, label="Rule")
    threshold = forms.IntegerField(
        min_value=0, max_value=1_000_000, label="Threshold", help_text="0 switches the rule off"
    )
    field_order = ("kind", "threshold", "reason")
