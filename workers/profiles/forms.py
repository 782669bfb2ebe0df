from gigstream.adminkit import CorrectionForm
from gigstream.core.errors import clean_field
from gigstream.core.people.names import normal_name


class WorkerForm(CorrectionForm):
    """Corrections of a worker's name."""

    def clean_full_name(self) -> str:
        """Return the name as registration keeps it."""
        return clean_field(normal_name, self.cleaned_data["full_name"])
