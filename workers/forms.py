from gigstream.lib.admin import CorrectionForm
from gigstream.lib.errors import cleaned
from gigstream.lib.names import normal_name


class WorkerForm(CorrectionForm):
    """Corrections of a worker's name."""

    def clean_full_name(self) -> str:
        """Return the name as registration keeps it."""
        return cleaned(normal_name, self.cleaned_data["full_name"])
