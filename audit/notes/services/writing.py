"""Notes of staff: written once, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from audit.log.context import current_actor
from audit.log.services import Record, record_many, verb
from audit.notes.calculations import CheckedFile, Upload, check_files, normal_note
from audit.notes.errors import AnswerRefused
from audit.notes.models import Note, NoteFile, NoteMention
from audit.notes.selectors import subject_of
from audit.notes.services import files
from audit.notes.services.members import find_mentioned
from audit.notices.services import notify
from audit.notices.vocabulary import MENTIONED
from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import actor_text, name_actor


@dataclass(frozen=True, slots=True)
class Written:
    """A note, and the people whom it mentions."""

    note: Note
    mentioned: Sequence[User]


def write_note(
    *,
    row: models.Model,
    text: str,
    answers: int | None = None,
    uploads: Sequence[Upload] = (),
    now: datetime | None = None,
) -> Written:
    """Write a note of the present member of staff about the row, with its mentions and files; `answers` is
    the number of the note that it answers. Who is mentioned gets a notice, once.

    Raises InvalidText, NoteTooLong, FileRefused, MentionRefused or AnswerRefused.
    """
    checked = check_files(uploads)
    stored: list[str] = []
    try:
        # Written before the transaction: a storage may be slow.
        for file in checked:
            stored.append(files.store_file(file))
        return _write(row=row, text=text, answers=answers, checked=checked, stored=stored, now=now)
    except BaseException:
        files.STORE.delete_files(*stored)
        raise


@verb("note.write", "note")
def _write(
    *,
    row: models.Model,
    text: str,
    answers: int | None,
    checked: Sequence[CheckedFile],
    stored: Sequence[str],
    now: datetime | None,
) -> Written:
    normal = normal_note(text)
    mentioned = find_mentioned(normal, row)
    kind, key = subject_of(row)
    own = Note.objects.filter(subject_type=kind, subject_id=key)
    if answers is not None and not own.filter(pk=answers).exists():
        raise AnswerRefused("the note that this answers is not one about the same object")
    note = Note(
        created_at=now or database_now(),
        subject_type=kind,
        subject_id=key,
        written_by=str(current_actor()),
        text=normal,
        answers_id=answers,
    )
    note.save(force_insert=True)
    NoteMention.objects.bulk_create([NoteMention(note=note, member=actor_text(one)) for one in mentioned])
    NoteFile.objects.bulk_create(_file_of(note, *pair) for pair in zip(checked, stored, strict=True))
    # The text stays in the note alone: the log is kept without personal data.
    metadata: dict[str, Any] = {
        "note": note.pk,
        "mentions": [actor_text(one) for one in mentioned],
        "files": [file.sha256 for file in checked],
    }
    record_many([Record("note.write", kind, key, metadata=metadata)], now=now)
    notify(
        metadata["mentions"],
        MENTIONED,
        subject_type=kind,
        subject_id=key,
        words=f"{name_actor(note.written_by)} mentions you in a note.",
        cause=f"note {note.pk}",
        moment=note.created_at,
    )
    return Written(note, mentioned)


def _file_of(note: Note, file: CheckedFile, stored_name: str) -> NoteFile:
    return NoteFile(
        note=note,
        name=file.name,
        media_type=file.media_type,
        size=len(file.content),
        sha256=file.sha256,
        stored_name=stored_name,
    )
