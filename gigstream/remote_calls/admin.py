from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin
from gigstream.remote_calls.models import CircuitBreaker


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(ReadOnlyAdmin):
    list_display = ("service", "state", "failures_in_a_row", "opened_at", "retry_at", "open_seconds")
