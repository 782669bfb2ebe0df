"""Files of notes in the storage, under names that nobody can guess."""

from datetime import datetime, timedelta

from audit.log.services import Record, record_many
from audit.notes.calculations import CheckedFile
from audit.notes.models import NoteFile
from gigstream.core.clock import database_now
from gigstream.core.files.file_store import FileStore
from gigstream.core.unit import in_unit

STORE = FileStore("notes")
FILES = "files"
# A file without a row is that of a request which was cut off; a request that is under way is younger.
ORPHAN_AFTER = timedelta(days=1)


def store_file(file: CheckedFile) -> str:
    """Write the file; return the name under which the storage has it."""
    return STORE.write_file(STORE.new_name(FILES), file.content)


def read_file(file: NoteFile) -> bytes:
    """Return the content of the file. Raises OSError."""
    return STORE.read_file(file.stored_name)


@in_unit
def record_download(file: NoteFile) -> None:
    """Log that the present member of staff takes the file."""
    metadata = {"note": file.note_id, "file": file.pk, "sha256": file.sha256}
    line = Record("note.download_file", file.note.subject_type, file.note.subject_id, metadata=metadata)
    record_many([line])


def delete_orphans(*, now: datetime | None = None) -> int:
    """Delete the files of more than a day ago that belong to no note; return how many."""
    found = STORE.old_files(FILES, (now or database_now()) - ORPHAN_AFTER)
    used = set(NoteFile.objects.filter(stored_name__in=found).values_list("stored_name", flat=True))
    orphans = [name for name in found if name not in used]
    STORE.delete_files(*orphans)
    return len(orphans)
