"""Forms of the panel on a row's page."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import models

from audit.notes.calculations import LONGEST_NOTE, MOST_BYTES, MOST_FILES
from audit.notes.enums import AssignmentState
from audit.notes.models import Assignment
from gigstream.adminkit import ActionForm, ReasonForm
from gigstream.core.people.staff_names import member_name


class _FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, or none; the service judges them."""

    widget = _FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the files as a list."""
        return list(data or ())


class NoteForm(ActionForm):
    """A note and its files; with `answers`, the number of the note that it answers."""

    text = forms.CharField(
        label="Note",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_NOTE}),
        help_text="A name after an @ mentions a member of staff. A note is never changed: write another.",
    )
    answers = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1)
    attached = FilesField(
        required=False,
        label="Files",
        help_text=(
            f"Up to {MOST_FILES} of PDF, PNG, JPEG, CSV and TXT,"
            f" each of at most {MOST_BYTES // 1_000_000} MB."
        ),
    )

    def __init__(self, *args: Any, rows: Sequence[models.Model], **kwargs: Any) -> None:
        # The page around the panel may have fields of the same names.
        super().__init__(*args, rows=rows, auto_id="note_%s", **kwargs)
        self.fields["attached"].widget.attrs["accept"] = ".pdf,.png,.jpg,.jpeg,.csv,.txt"


class AssignmentForm(ReasonForm):
    """Assignee, due date, state and reason of an assignment; `seen` is the assignment as the page has shown
    it, empty where there was none."""

    assignee = forms.ChoiceField()
    due_on = forms.DateField(required=False, label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    state = forms.ChoiceField(choices=AssignmentState.choices)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = ("assignee", "due_on", "state", "reason", "seen")

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="assignment_%s", **kwargs)
        self.people = {str(one.pk): one for one in people}
        chosen: Any = self.fields["assignee"]
        chosen.choices = [("", "–"), *((key, _label(one)) for key, one in self.people.items())]  # noqa: RUF001

    def clean_assignee(self) -> User:
        """Return the member of staff."""
        return self.people[self.cleaned_data["assignee"]]


def _label(member: User) -> str:
    name, username = member_name(member), member.get_username()
    return name if name == username else f"{name} ({username})"


def state_as_seen(found: Assignment | None) -> str:
    """Return the text by which a form names the assignment as its page has shown it."""
    return f"{found.pk} {found.changed_at.isoformat()}" if found else ""
