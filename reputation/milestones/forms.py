"""Forms of the staff's pages about rules of milestones."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from gigstream.adminkit import ReasonForm
from gigstream.core.errors import Refusal
from gigstream.core.money import exact_amount
from reputation.milestones.calculations import Condition
from reputation.milestones.enums import Metric, MilestoneAction, Window
from reputation.milestones.errors import InvalidMilestoneRule
from reputation.milestones.services.rules import LONGEST_DESCRIPTION, require_conditions


def read_conditions(text: str) -> list[Condition]:
    """Return the conditions in a text, one a line as "plays all_time 50000". Raises InvalidMilestoneRule or
    InvalidAmount."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        words = line.split()
        if len(words) != 3 or words[0] not in Metric.values or words[1] not in Window.values:
            raise InvalidMilestoneRule(
                f"a condition is a metric ({', '.join(Metric.values)}), a window ({', '.join(Window.values)})"
                " and a threshold"
            )
        found.append(Condition(Metric(words[0]), Window(words[1]), Decimal(exact_amount(words[2]))))
    require_conditions(found)
    return found


class RevisionForm(ReasonForm):
    """The next version of a rule."""

    description = forms.CharField(max_length=LONGEST_DESCRIPTION)
    conditions = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=500,
        help_text="one a line, as: plays all_time 50000",
    )
    field_order: tuple[str, ...] = ("description", "conditions", "reason")

    def clean_conditions(self) -> list[Condition]:
        """Return the conditions."""
        try:
            return read_conditions(self.cleaned_data["conditions"])
        except Refusal as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal


class RuleForm(RevisionForm):
    """A rule for the creators of every platform."""

    name = forms.CharField(max_length=60, help_text="small letters, digits and underscores")
    action = forms.ChoiceField(choices=MilestoneAction.choices)
    field_order = ("name", "description", "action", "conditions", "reason")
