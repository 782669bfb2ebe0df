"""Notes and assignments as pages show them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import BooleanField, Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Substr, Trim, TruncDate

from audit.notes.enums import AssignmentState
from audit.notes.models import Assignment, Note, NoteFile
from gigstream.core.clock import DatabaseNow

Subject = tuple[str, str]
UNFINISHED = ~Q(state=AssignmentState.DONE)
_OVERDUE = UNFINISHED & Q(due_on__lt=TruncDate(DatabaseNow()))


def subject_of(row: models.Model) -> Subject:
    """Return the row's type and id, as notes and assignments name it."""
    return row._meta.model_name or "", str(row.pk)


def permission_to_see(model: type[models.Model]) -> str:
    """Return the permission without which a member of staff sees no rows of the model."""
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def about(subjects: Iterable[Subject]) -> Q:
    """Return the condition of rows about these subjects; of none where there are none."""
    by_type: dict[str, list[str]] = {}
    for kind, key in subjects:
        by_type.setdefault(kind, []).append(key)
    condition = Q(pk__in=[])
    for kind, keys in by_type.items():
        condition |= Q(subject_type=kind, subject_id__in=keys)
    return condition


def with_overdue(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Return the assignments with `is_overdue`: not done, and due before today (UTC)."""
    overdue = Case(When(_OVERDUE, then=True), default=False, output_field=BooleanField())
    return assignments.annotate(is_overdue=overdue)


def overdue_only(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Return the assignments that are overdue."""
    return assignments.filter(_OVERDUE)


def open_assignments(subjects: Collection[Subject]) -> dict[Subject, Assignment]:
    """Return the assignments of these subjects that are not done, each with `assignee_name`, by a single
    statement."""
    member = User.objects.filter(pk=Cast(Substr(OuterRef("assignee"), len("staff:") + 1), IntegerField()))
    full_name = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
    name = Subquery(member.values_list(Coalesce(full_name, "username"))[:1])
    found = with_overdue(Assignment.objects.filter(about(subjects), UNFINISHED)).annotate(assignee_name=name)
    return {(row.subject_type, row.subject_id): row for row in found}


def newest_notes(subjects: Collection[Subject]) -> dict[Subject, Note]:
    """Return the newest note about each of these subjects, by a single statement."""
    found = Note.objects.filter(about(subjects)).order_by("subject_type", "subject_id", "-id")
    return {(one.subject_type, one.subject_id): one for one in found.distinct("subject_type", "subject_id")}


def notes_about(subject: Subject) -> QuerySet[Note]:
    """Return the notes about the subject, newest first, each with the note that it answers."""
    kind, key = subject
    found = Note.objects.filter(subject_type=kind, subject_id=key)
    return found.select_related("answers").order_by("-pk")


def files_of(notes: Sequence[Note]) -> Mapping[int, list[NoteFile]]:
    """Return the files of the notes by the notes' numbers, by a single statement."""
    found: dict[int, list[NoteFile]] = {}
    for one in NoteFile.objects.filter(note__in=[note.pk for note in notes]).order_by("pk"):
        found.setdefault(one.note_id, []).append(one)
    return found


def due_words(assignment: Any) -> str:
    """Return the assignment's state and due date in words."""
    due: date | None = assignment.due_on
    parts = [f"due {due:%Y-%m-%d}" if due else "", str(assignment.get_state_display())]
    return ", ".join(filter(None, parts))
