from django.db import models
from django.db.models import Q

from audit.notes.calculations import LONGEST_FILE_NAME, LONGEST_NOTE, MOST_BYTES
from audit.notes.enums import NoteFileType
from gigstream.core.clock import DatabaseNow
from gigstream.core.models import CommonQuerySet, is_readable, is_readable_text
from gigstream.core.states import append_only

IS_STAFF = r"^staff:[0-9]+$"


class Note(models.Model):
    """A note of a member of staff about any object. It is never changed or deleted: a correction is another
    note."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    subject_type = models.CharField(max_length=32, help_text="type of the object, as in the audit log")
    subject_id = models.CharField(max_length=64)
    written_by = models.CharField(max_length=64, help_text='as in "staff:4"')
    text = models.CharField(max_length=LONGEST_NOTE)
    answers = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="answered_by",
        help_text="the note that it answers, about the same object",
    )

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        app_label = "audit"
        db_table = "notes"
        constraints = [
            models.CheckConstraint(
                name="note_names_its_subject", condition=~Q(subject_type="") & ~Q(subject_id="")
            ),
            models.CheckConstraint(name="note_written_by_staff", condition=Q(written_by__regex=IS_STAFF)),
            models.CheckConstraint(
                name="note_text_readable", condition=~Q(text="") & is_readable_text("text")
            ),
        ]
        indexes = [models.Index(name="notes_of_subject", fields=["subject_type", "subject_id", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"note {self.pk}"


class NoteMention(models.Model):
    """A member of staff whom a note mentions, once in each note."""

    id = models.BigAutoField(primary_key=True)
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="mentions", db_index=False)
    member = models.CharField(max_length=64, help_text='as in "staff:4"')

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        app_label = "audit"
        db_table = "note_mentions"
        constraints = [
            models.UniqueConstraint(name="note_mentions_each_once", fields=["note", "member"]),
            models.CheckConstraint(name="note_mention_of_staff", condition=Q(member__regex=IS_STAFF)),
        ]
        indexes = [models.Index(name="note_mentions_of_member", fields=["member", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"mention in note {self.note_id}"


class NoteFile(models.Model):
    """A file of a note: its type is that of its content. It is handed out as a download only."""

    id = models.BigAutoField(primary_key=True)
    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=LONGEST_FILE_NAME)
    media_type = models.CharField(max_length=32, choices=NoteFileType.choices)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    stored_name = models.CharField(max_length=100, unique=True, help_text="file in the storage")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        app_label = "audit"
        db_table = "note_files"
        constraints = [
            models.CheckConstraint(
                name="note_file_name_readable", condition=~Q(name="") & is_readable("name")
            ),
            models.CheckConstraint(
                name="note_file_type_known", condition=Q(media_type__in=NoteFileType.values)
            ),
            models.CheckConstraint(
                name="note_file_size_bounded", condition=Q(size__gt=0, size__lte=MOST_BYTES)
            ),
            models.CheckConstraint(name="note_file_hashed", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(name="note_file_is_stored", condition=~Q(stored_name="")),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name
