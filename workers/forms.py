from django import forms

from gigstream.lib.errors import cleaned
from gigstream.lib.names import normal_name


class WorkerForm(forms.ModelForm):
    """What staff correct on a worker's page."""

    def clean_full_name(self) -> str:
        """Return the name as registration keeps it."""
        return cleaned(normal_name, self.cleaned_data["full_name"])
