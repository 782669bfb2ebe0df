"""The panel on the pages of all rows: the assignment, a form for a note with files, and the notes so far."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audit.notes import services
from audit.notes.admin.forms import AssignmentForm, NoteForm, state_as_seen
from audit.notes.admin.visibility import may_open
from audit.notes.calculations import Upload, split_mentions
from audit.notes.enums import AssignmentState
from audit.notes.models import Assignment, Note, NoteFile
from audit.notes.selectors import (
    due_words,
    files_of,
    notes_about,
    open_assignments,
    permission_to_see,
    subject_of,
)
from gigstream.adminkit import ActionForm, Answer, Panel, add_panel, admin_url
from gigstream.adminkit.actions import drafts
from gigstream.adminkit.actions.pages import ALREADY_DONE, CONFIRMED, KEEP, KEPT, NOT_DONE, TOKEN
from gigstream.adminkit.actions.registration import record_token
from gigstream.core.errors import Refusal
from gigstream.core.people.staff_names import members_who_may, name_actor

PAGE = 20
MOST_QUOTED = 80
ASSIGN = "assign"


class NotesPanel:
    """The panel for a row and the present member of staff."""

    def __init__(self, request: HttpRequest, row: models.Model) -> None:
        self.request, self.row = request, row
        self.subject = subject_of(row)
        self.place = drafts.place_of(request, [str(row.pk)])

    def answer(self) -> Answer:
        """Answer a request for the panel: show it, keep the words of its note, or do what its form says."""
        if self.request.method != "POST":
            return self._show()
        is_assignment = self.request.POST.get("do") == ASSIGN
        if not self._may("assignment" if is_assignment else "note"):
            raise PermissionDenied
        if KEEP in self.request.POST:
            drafts.keep_draft(self.place, self.request.POST)
            return HttpResponse(status=204)
        return self._assign() if is_assignment else self._write()

    def _may(self, name: str) -> bool:
        user: Any = self.request.user
        return bool(user.has_perm(f"audit.change_{name}"))

    # --- Forms ----------------------------------------------------------------------------------------------
    def _write(self) -> Answer:
        form = NoteForm(self.request.POST, self.request.FILES, rows=[self.row])
        if not form.is_valid() or not self._has_token():
            return self._context(note_form=form)
        if not self._is_first():
            return self._go_back()
        given = form.cleaned_data
        uploads = [Upload(file.name or "", file.read()) for file in given["attached"]]
        try:
            written = services.write_note(
                row=self.row, text=given["text"], answers=given["answers"], uploads=uploads
            )
        except Refusal as refusal:
            form.add_error(None, _sentence(refusal, has_files=bool(uploads)))
            return self._context(note_form=form)
        drafts.drop_draft(self.place)
        names = [handle for handle, _ in services.handles_of(written.mentioned)]
        about = f" It mentions {', '.join(names)}." if names else ""
        messages.success(self.request, f"The note is written.{about}")
        return self._go_back()

    def _assign(self) -> Answer:
        form = AssignmentForm(self.request.POST, rows=[self.row], people=self.people)
        if not form.is_valid() or not self._has_token():
            return self._context(assignment_form=form)
        if not self._is_first():
            return self._go_back()
        try:
            made = self._apply(form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, _sentence(refusal))
            # The page shows the assignment as it is now: sent again, the form changes that.
            words = self.request.POST.copy()
            words["seen"] = state_as_seen(self.assignment)
            form.data = words
            return self._context(assignment_form=form)
        messages.success(self.request, f"Assigned to {name_actor(made.assignee)}: {due_words(made)}.")
        return self._go_back()

    def _apply(self, given: dict[str, Any]) -> Assignment:
        seen = given.pop("seen")
        state = AssignmentState(given.pop("state"))
        if not seen:
            return services.assign(row=self.row, state=state, **given)
        key, _, at = seen.partition(" ")
        return services.change_assignment(
            assignment_id=_number(key), seen_at=_instant(at), row=self.row, state=state, **given
        )

    def _has_token(self) -> bool:
        return TOKEN.fullmatch(self.request.POST.get(CONFIRMED, "")) is not None

    def _is_first(self) -> bool:
        """Record the form's token; say so where the form was sent before."""
        is_new = record_token(self.request, self.request.POST[CONFIRMED])
        if not is_new:
            messages.warning(self.request, ALREADY_DONE)
        return is_new

    def _go_back(self) -> HttpResponse:
        return HttpResponseRedirect(f"{admin_url(self.row)}#notes")

    # --- The panel ------------------------------------------------------------------------------------------
    def _show(self) -> Answer:
        draft = drafts.find_draft(self.place)
        words = draft.words if draft else {}
        answered = self._answered(words.get("answers", [""])[0] or self.request.GET.get("answer", ""))
        initial = {"text": words.get("text", [""])[0], "answers": answered.pk if answered else None}
        kept = "" if draft is None else NOT_DONE if draft.was_sent else KEPT
        return self._context(note_form=NoteForm(rows=[self.row], initial=initial), kept=kept)

    def _context(
        self,
        *,
        note_form: NoteForm | None = None,
        assignment_form: AssignmentForm | None = None,
        kept: str = "",
    ) -> dict[str, Any]:
        note_form = note_form or NoteForm(rows=[self.row])
        before = _number(self.request.GET.get("before", ""))
        found = notes_about(self.subject)
        notes = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
        answered = self._answered(str(note_form["answers"].value() or ""))
        return {
            "assigned": self.assignment,
            "assigned_words": self._assigned_words(),
            "note_form": note_form if self._may("note") else None,
            "assignment_form": (assignment_form or self._assignment_form())
            if self._may("assignment")
            else None,
            "is_assigning": assignment_form is not None,
            "answered": _quote(answered) if answered else "",
            "people": services.handles_of(self.people),
            "notes": _lines(self.request, notes[:PAGE]),
            "older": notes[PAGE - 1].pk if len(notes) > PAGE else None,
            "kept": kept,
            "token": secrets.token_urlsafe(24),
            "confirmed": CONFIRMED,
            "draft_note": self.place.note,
        }

    @cached_property
    def assignment(self) -> Assignment | None:
        return open_assignments([self.subject]).get(self.subject)

    @cached_property
    def people(self) -> list[Any]:
        found = members_who_may(permission_to_see(type(self.row)))
        return sorted(found, key=lambda member: member.get_username())

    def _assigned_words(self) -> str:
        found = self.assignment
        return f"{name_actor(found.assignee)}, {due_words(found)}" if found else ""

    def _assignment_form(self) -> ActionForm:
        found = self.assignment
        initial: dict[str, Any] = {"state": AssignmentState.OPEN}
        if found:
            key = found.assignee.partition(":")[2]
            initial = {"assignee": key, "due_on": found.due_on, "state": found.state}
        initial["seen"] = state_as_seen(found)
        return AssignmentForm(rows=[self.row], people=self.people, initial=initial)

    def _answered(self, key: str) -> Note | None:
        """Return the note about the row that is to be answered, None where there is no such note."""
        number = _number(key)
        return notes_about(self.subject).filter(pk=number).first() if number else None


def _lines(request: HttpRequest, notes: Sequence[Note]) -> list[dict[str, Any]]:
    files = files_of(notes)
    return [
        {
            "pk": note.pk,
            "at": note.created_at,
            "by": name_actor(note.written_by),
            "parts": split_mentions(note.text),
            "answers": _quote(note.answers) if note.answers else "",
            "answered": note.answers_id,
            "files": [_file_line(request, one) for one in files.get(note.pk, ())],
        }
        for note in notes
    ]


def _file_line(request: HttpRequest, file: NoteFile) -> dict[str, Any]:
    url = reverse("admin:audit_notefile_download", args=[file.pk])
    return {"name": file.name, "size": file.size, "url": url if may_open(request, file) else ""}


def _quote(note: Note) -> str:
    text = " ".join(note.text.split())
    shown = text if len(text) <= MOST_QUOTED else f"{text[: MOST_QUOTED - 1]}…"
    return f"{name_actor(note.written_by)}: {shown}"


def _sentence(refusal: Refusal, *, has_files: bool = False) -> str:
    again = " Choose the files again: a browser forgets them." if has_files else ""
    return f"Nothing was written: {refusal.message}.{again}"


def _number(text: str) -> int:
    """Return the number of a row, 0 for a text that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


add_panel(
    Panel(
        name="notes",
        title="Notes",
        model=Note,
        template="admin/gigstream/notes.html",
        answer=lambda request, row: NotesPanel(request, row).answer(),
    )
)
