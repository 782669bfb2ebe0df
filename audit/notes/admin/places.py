"""Notes and assignments beside what decides: in timelines, on cards, at the top of pages, and in the context
of decisions."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.html import format_html

from audit.log.admin.timelines import leave_out_lines
from audit.notes.models import Note
from audit.notes.selectors import due_words, newest_notes, open_assignments, subject_of
from gigstream.adminkit import (
    ContextLine,
    Moment,
    Notice,
    RowSource,
    TimelineKind,
    add_context,
    add_notices,
    add_to_timeline,
    admin_url,
    isolate_text,
    of_subjects,
    timeline_subjects,
)
from gigstream.core.people.staff_names import name_actor

LONGEST_LINE = 200


def _notes_about(row: models.Model) -> QuerySet[Note]:
    found = Note.objects.filter(of_subjects(timeline_subjects(row), "subject_type", "subject_id"))
    return found.annotate(file_count=Count("files"))


def _moment_of(note: Any) -> Moment:
    count = note.file_count
    files = f" with {count} file{'' if count == 1 else 's'}" if count else ""
    return Moment(
        at=note.created_at,
        kind=TimelineKind.NOTES,
        text=f"{'Answer' if note.answers_id else 'Note'}{files}",
        by=note.written_by,
        why=note.text,
        url=admin_url(note),
    )


def _assigned(rows: Sequence[Any]) -> Mapping[Any, Sequence[Notice]]:
    found = open_assignments([subject_of(row) for row in rows])
    return {row.pk: [_notice_of(found[subject_of(row)])] for row in rows if subject_of(row) in found}


def _notice_of(assignment: Any) -> Notice:
    word, mark = ("overdue", "overdue") if assignment.is_overdue else ("assigned", "assigned")
    who = isolate_text(assignment.assignee_name or assignment.assignee)
    text = format_html("to {}, {}: {}", who, due_words(assignment), isolate_text(assignment.reason))
    return Notice(word, text, mark)


def _newest_note(rows: Sequence[Any]) -> Mapping[Any, Sequence[ContextLine]]:
    """Return the newest note about a row that is decided alone: cards do without, and its statement."""
    if len(rows) > 1:
        return {}
    found = newest_notes([subject_of(row) for row in rows])
    return {row.pk: [_line_of(found[subject_of(row)])] for row in rows if subject_of(row) in found}


def _line_of(note: Note) -> ContextLine:
    text = " ".join(note.text.split())
    shown = text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"
    when = f"{note.created_at:%Y-%m-%d %H:%M} UTC"
    text_of_line = format_html("{}, {}: {}", name_actor(note.written_by), when, isolate_text(shown))
    return ContextLine("Newest note", text_of_line, on_card=False)


add_to_timeline(
    models.Model,
    RowSource(
        name="notes",
        model=Note,
        rows=_notes_about,
        moment=_moment_of,
        kinds={TimelineKind.NOTES: Q()},
        is_numbered=True,
    ),
)
# Their rows stand in the timeline.
leave_out_lines("note.write")
add_notices(models.Model, _assigned)
add_context(models.Model, _newest_note, on_card=False)
