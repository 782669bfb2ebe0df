from audit.notes.services import files
from gigstream.jobs.registry import job


@job
def delete_note_orphans() -> int:
    return files.delete_orphans()
