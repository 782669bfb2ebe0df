from django.contrib import admin

from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_number,
)
from gigstream.sign_in.models import SignInAttempts


@admin.register(SignInAttempts)
class SignInAttemptsAdmin(ReadOnlyAdmin):
    list_display = ("id", "began_at", "last_at", "tries")
    searches = (by_number("id"),)
