"""Pages of notes, their mentions and their files."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString

from audit.notes import services
from audit.notes.admin.visibility import AboutVisible, may_open
from audit.notes.models import Note, NoteFile, NoteMention
from audit.notes.services.files import read_file
from gigstream.adminkit import EMPTY, Pair, admin_url, by_hash, by_number, by_text, names_of, pair_of
from gigstream.adminkit.downloads import redirect_to_file, take_ticket
from gigstream.core.people import masking

LONGEST_IN_LIST = 300


@admin.register(Note)
class NoteAdmin(AboutVisible):
    """Notes of staff about any object, newest first."""

    list_display = ("created_at", "subject", "author", "beginning")
    fields = (("created_at", "author"), "subject", "words", "answers")
    searches = (by_number("id"), by_text("subject_id", "written_by"))
    search_help_text = "number of a note, or id of an object"

    def named_pairs(self, row: Note) -> list[Pair]:
        return [(row.subject_type, row.subject_id), pair_of(row.written_by)]

    @admin.display(description="about")
    def subject(self, row: Note) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id)

    @admin.display(description="written by")
    def author(self, row: Note) -> SafeString | str:
        return names_of(row).actor(row.written_by)

    @admin.display(description="note")
    def beginning(self, row: Note) -> str:
        text = str(masking.mask_value("text", row.text))
        return text if len(text) <= LONGEST_IN_LIST else f"{text[: LONGEST_IN_LIST - 1]}…"

    @admin.display(description="note")
    def words(self, row: Note) -> SafeString:
        return format_html('<bdi class="note-text">{}</bdi>', masking.mask_value("text", row.text))


class _OfANote(AboutVisible):
    """Base of pages on rows that belong to a note."""

    subject_column = "note__subject_type"
    list_select_related = ("note",)

    def named_pairs(self, row: Any) -> list[Pair]:
        return [(row.note.subject_type, row.note.subject_id), pair_of(getattr(row, "member", ""))]

    @admin.display(description="about")
    def subject(self, row: Any) -> SafeString | str:
        return names_of(row).link(row.note.subject_type, row.note.subject_id)


@admin.register(NoteMention)
class NoteMentionAdmin(_OfANote):
    """Members of staff whom notes mention."""

    list_display = ("id", "mentioned", "subject", "note")
    fields = ("mentioned", "subject", "note")
    searches = (by_number("id"), by_text("member"))
    search_help_text = "a member of staff, as in staff:4"
    belongs = ("note",)

    @admin.display(description="mentioned")
    def mentioned(self, row: NoteMention) -> SafeString | str:
        return names_of(row).actor(row.member)


@admin.register(NoteFile)
class NoteFileAdmin(_OfANote):
    """Files of notes; each download is on record."""

    list_display = ("id", "name", "subject", "note", "media_type", "size")
    list_filter = ("media_type",)
    fields = ("name", "subject", "note", ("media_type", "size"), "sha256")
    searches = (by_number("id"), by_hash("sha256"))
    search_help_text = "number or SHA-256 of a file"
    belongs = ("note",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download)
        return [path("<int:number>/download/", view, name="audit_notefile_download"), *super().get_urls()]

    def download(self, request: HttpRequest, number: int) -> HttpResponse:
        """POST: record that the file is taken and redirect to its address. GET: send it, to be kept and not
        to be shown, as its content is that of somebody else."""
        if request.method not in ("GET", "POST") or not self.has_view_permission(request):
            raise PermissionDenied
        file = self.get_queryset(request).select_related("note").filter(pk=number).first()
        if file is None:
            raise Http404
        if not may_open(request, file):
            raise PermissionDenied
        if request.method == "POST":
            services.record_download(file)
            return redirect_to_file(request)
        if not take_ticket(request):
            messages.error(request, "Ask for the file by its button: each download is recorded.")
            return HttpResponseRedirect(admin_url(file))
        return _send(file)


def _send(file: NoteFile) -> HttpResponse:
    try:
        content = read_file(file)
    except OSError as error:
        raise Http404 from error
    # In one piece: the content of a text is masked as a whole.
    answer = HttpResponse(content, content_type=file.media_type)
    name = masking.mask_value("name", file.name) or EMPTY
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer
