"""The verbs of notes and assignments."""

from audit.notes.services.assigning import assign, change_assignment
from audit.notes.services.files import record_download
from audit.notes.services.members import handles_of
from audit.notes.services.writing import Written, write_note

__all__ = ["Written", "assign", "change_assignment", "handles_of", "record_download", "write_note"]
