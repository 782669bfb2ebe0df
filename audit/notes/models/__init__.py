"""Notes of staff with their mentions and files, and assignments."""

from audit.notes.models.assignments import Assignment
from audit.notes.models.notes import Note, NoteFile, NoteMention

__all__ = ["Assignment", "Note", "NoteFile", "NoteMention"]
