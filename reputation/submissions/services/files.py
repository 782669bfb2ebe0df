"""Files of submissions in the storage: uploads as they came, which nobody sees, and images made of them."""

import logging
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from gigstream.core.ids import new_id

logger = logging.getLogger(__name__)

UPLOADS, IMAGES = "uploads", "images"


def storage() -> Storage:
    """Return the storage of submissions' files."""
    return storages["submissions"]


def new_name(folder: str) -> str:
    """Return a name for a file that nobody can guess, and that says nothing of its content."""
    return f"{folder}/{new_id()}"


def write_file(name: str, content: bytes) -> str:
    """Write the file; return the name under which the storage has it."""
    return storage().save(name, ContentFile(content))


def read_file(name: str) -> bytes:
    """Return the content of the file. Raises OSError."""
    with storage().open(name) as file:
        return bytes(file.read())


def delete_files(*names: str) -> None:
    """Delete the files, as far as they are there. A storage that is away leaves orphans, which a job
    deletes."""
    for name in filter(None, names):
        try:
            storage().delete(name)
        except OSError as error:
            logger.warning("a file of a submission was not deleted: %s", error)


def old_files(folder: str, before: datetime) -> list[str]:
    """Return the names of the folder's files that were written before this time."""
    kept = storage()
    try:
        _, names = kept.listdir(folder)
    except FileNotFoundError:
        return []
    paths = [f"{folder}/{name}" for name in names]
    return [path for path in paths if kept.get_modified_time(path) < before]
