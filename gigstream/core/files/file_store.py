"""Files that people send, in the storage of a subject: under names that nobody can guess."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from gigstream.core.ids import new_id

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileStore:
    """The files of a subject; `alias` is the name of its storage in the settings."""

    alias: str

    def storage(self) -> Storage:
        """Return the storage of the subject's files."""
        return storages[self.alias]

    def new_name(self, folder: str) -> str:
        """Return a name for a file that nobody can guess, and that says nothing of its content."""
        return f"{folder}/{new_id()}"

    def write_file(self, name: str, content: bytes) -> str:
        """Write the file; return the name under which the storage has it."""
        return self.storage().save(name, ContentFile(content))

    def read_file(self, name: str) -> bytes:
        """Return the content of the file. Raises OSError."""
        with self.storage().open(name) as file:
            return bytes(file.read())

    def delete_files(self, *names: str) -> None:
        """Delete the files, as far as they are there. A storage that is away leaves orphans, which a job
        deletes."""
        for name in filter(None, names):
            try:
                self.storage().delete(name)
            except OSError as error:
                logger.warning("a file of %s was not deleted: %s", self.alias, error)

    def old_files(self, folder: str, before: datetime) -> list[str]:
        """Return the names of the folder's files that were written before this time."""
        kept = self.storage()
        try:
            _, names = kept.listdir(folder)
        except FileNotFoundError:
            return []
        paths = [f"{folder}/{name}" for name in names]
        return [path for path in paths if kept.get_modified_time(path) < before]
