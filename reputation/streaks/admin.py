"""Check-ins and outages for staff."""

from datetime import datetime

from django import forms
from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, ReasonForm, RowAction, Table, by_email, by_uuid, show_on
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from reputation.models import CheckIn, Outage, StreakPause, StreakZone
from reputation.streaks.services import request_outage
from workers.models import Worker


@admin.register(CheckIn)
class CheckInAdmin(Exports, ReadOnlyAdmin):
    """Check-ins of workers."""

    list_display = ("created_at", "worker", "local_date", "claimed_at", "streak_days", "streak_started_on")
    list_select_related = ("worker",)
    list_filter = ("created_at",)
    belongs = ("worker",)
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id of a worker, or a worker's email"


@admin.register(StreakPause)
class StreakPauseAdmin(ReadOnlyAdmin):
    """Pauses of streaks."""

    list_display = ("created_at", "worker", "starts_on", "ends_on")
    list_select_related = ("worker",)
    belongs = ("worker",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id of a worker, or a worker's email"


@admin.register(StreakZone)
class StreakZoneAdmin(ReadOnlyAdmin):
    """Time zones of streaks."""

    list_display = ("created_at", "worker", "time_zone", "first_date")
    list_select_related = ("worker",)
    belongs = ("worker",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("worker_id"), by_email("worker__email"))
    search_help_text = "id of a worker, or a worker's email"


class OutageForm(ReasonForm):
    starts_at = forms.DateTimeField(help_text="in UTC, as 2026-11-29 08:00")
    ends_at = forms.DateTimeField(help_text="in UTC; at most 14 days later, and over")
    field_order = ("starts_at", "ends_at", "reason")


def _request_outage(starts_at: datetime, ends_at: datetime, reason: str) -> object:
    return as_action_result(request_outage(starts_at=starts_at, ends_at=ends_at, reason=reason))


DECLARE = RowAction(
    name="declare",
    label="Declare an outage",
    done="requested",
    run=_request_outage,
    form=OutageForm,
    note="A second person approves it. No streak breaks by a date that the outage lay in, wholly or in part.",
)


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    """Outages; two members of staff declare one."""

    list_display = ("starts_at", "ends_at", "reason", "requested_by", "approved_by", "created_at")
    ordering = ("-starts_at", "-id")
    sortable_by = ()
    alone = (DECLARE,)


show_on(
    Worker,
    Table(
        CheckIn,
        by="worker",
        columns=("local_date", "claimed_at", "streak_days", "streak_started_on"),
        ordering=("-local_date",),
    ),
    Table(StreakPause, by="worker", columns=("created_at", "starts_on", "ends_on")),
    Table(StreakZone, by="worker", columns=("created_at", "time_zone", "first_date")),
)
