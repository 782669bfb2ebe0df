"""Notes of staff with mentions and files, and assignments."""

from typing import Any

from audit.models import Assignment, Note, NoteFile, NoteMention
from gigstream.core.ids import new_id
from tests.support.api.asks import numbers
from tests.support.database import valid_rows
from tests.support.factories import NOW as AT
from tests.support.factories import seconds

ROWS = {
    Note: lambda: {
        "subject_type": "worker",
        "subject_id": str(new_id()),
        "written_by": "staff:1",
        "text": "The worker has called.\nThey wait until Monday.",
        "created_at": AT,
    },
    NoteMention: lambda: {
        "note": valid_rows.insert(valid_rows.valid(Note)),
        "member": f"staff:{next(numbers)}",
    },
    NoteFile: lambda: {
        "note": valid_rows.insert(valid_rows.valid(Note)),
        "name": "invoice.pdf",
        "media_type": "application/pdf",
        "size": 9,
        "sha256": "a" * 64,
        "stored_name": f"files/{new_id()}",
    },
    Assignment: lambda: {
        "subject_type": "worker",
        "subject_id": str(new_id()),
        "assignee": "staff:2",
        "state": "open",
        "reason": "knows the platform",
        "assigned_by": "staff:1",
        "assigned_at": AT,
        "changed_at": AT,
    },
}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("note_names_its_subject", Note, {"subject_type": ""}),
    ("note_names_its_subject", Note, {"subject_id": ""}),
    ("note_written_by_staff", Note, {"written_by": "worker:1"}),
    ("note_written_by_staff", Note, {"written_by": "staff:"}),
    ("note_text_readable", Note, {"text": ""}),
    ("note_text_readable", Note, {"text": "paid\u202e00.1"}),
    ("note_text_readable", Note, {"text": "a bell\u0007"}),
    ("note_mention_of_staff", NoteMention, {"member": "worker:1"}),
    ("note_file_name_readable", NoteFile, {"name": ""}),
    ("note_file_name_readable", NoteFile, {"name": "a\nb.pdf"}),
    ("note_file_type_known", NoteFile, {"media_type": "text/html"}),
    ("note_file_size_bounded", NoteFile, {"size": 0}),
    ("note_file_size_bounded", NoteFile, {"size": 5_000_001}),
    ("note_file_hashed", NoteFile, {"sha256": "A" * 64}),
    ("note_file_is_stored", NoteFile, {"stored_name": ""}),
    ("assignment_names_its_subject", Assignment, {"subject_type": ""}),
    ("assignment_names_its_subject", Assignment, {"subject_id": ""}),
    ("assignment_names_staff", Assignment, {"assignee": "worker:1"}),
    ("assignment_names_staff", Assignment, {"assigned_by": ""}),
    ("assignment_state_known", Assignment, {"state": "lost"}),
    ("assignment_has_a_reason", Assignment, {"reason": ""}),
    ("assignment_changes_after_it_began", Assignment, {"changed_at": AT - seconds(1)}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("note_mentions_each_once", NoteMention, ("note", "member"), {}),
    ("assignment_open_once", Assignment, ("subject_type", "subject_id"), {}),
]
