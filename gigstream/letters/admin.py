from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, by_number, by_text
from gigstream.letters.models import Letter


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """Letters that wait, were sent or were given up; address and text are not stored."""

    list_display = (
        "id",
        "kind",
        "subject_id",
        "recipient",
        "created_at",
        "tries",
        "next_try_at",
        "sent_at",
        "given_up_at",
        "last_error",
    )
    list_filter = (("given_up_at", admin.EmptyFieldListFilter), ("sent_at", admin.EmptyFieldListFilter))
    ordering = ("-created_at", "-id")
    searches = (by_number("id"), by_text("subject_id"))
    search_help_text = "number of a letter, or id of what it is about"
