from django.db.models import TextChoices

from gigstream.core.files import file_types


class AssignmentState(TextChoices):
    OPEN = "open", "open"
    WAITING_PLATFORM = "waiting_platform", "waiting for the platform"
    WAITING_WORKER = "waiting_worker", "waiting for the worker"
    WAITING_PROVIDER = "waiting_provider", "waiting for the provider"
    DONE = "done", "done"


class NoteFileType(TextChoices):
    """Media types of files on notes."""

    PDF = file_types.PDF, "PDF"
    PNG = file_types.PNG, "PNG"
    JPEG = file_types.JPEG, "JPEG"
    CSV = "text/csv", "CSV"
    TXT = file_types.TEXT, "TXT"
