"""The verbs of notes and assignments."""

from audit.notes.services.assigning import assign, change_assignment
from audit.notes.services.files import record_download
from audit.notes.services.writing import Written, write_note

__all__ = ["Written", "assign", "change_assignment", "record_download", "write_note"]
