"""Files of submissions in the storage: uploads as they came, which nobody sees, and images made of them."""

from gigstream.core.files.file_store import FileStore

UPLOADS, IMAGES = "uploads", "images"

_store = FileStore("submissions")
storage, new_name = _store.storage, _store.new_name
write_file, read_file = _store.write_file, _store.read_file
delete_files, old_files = _store.delete_files, _store.old_files
