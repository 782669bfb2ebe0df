"""The staff's doors to the log, its seals, the jobs and the checks of the books."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit import answers
from audit.context import Grounds, because, current_actor
from audit.enums import ActorType
from audit.exports import Exports
from audit.integrity import integrity
from audit.jobs import ask_for
from audit.models import (
    AnsweredRequest,
    AuditLog,
    AuditSeal,
    BookCheck,
    Claim,
    JobHeartbeat,
    Letter,
    PersonalChange,
    StaffMovement,
)
from gigstream.lib import masking
from gigstream.lib.admin import (
    EMPTY,
    ActForm,
    BelongsTo,
    NewestChoices,
    NewestDates,
    NewestYesNo,
    ReadOnlyAdmin,
    Table,
    Told,
    by_hash,
    by_number,
    by_text,
    by_uuid,
    each,
    party,
    register_first_time,
    register_for_reason,
    show_everywhere,
)


def _by_resource_or_actor(model: type[models.Model], term: str) -> Q:
    """Rows about or by whoever has this id; the types are named so that the indexes can be used."""
    names = {registered._meta.model_name for registered in admin.site._registry} | {"api_key"}
    about = Q(resource_type__in=sorted(filter(None, names)), resource_id=term)
    return about | Q(actor_type__in=ActorType.values, actor_id=term)


class Subject(BelongsTo):
    """Keeps the rows about one resource, given as type and id: "worker:0192…"."""

    title = parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self._given, self._given.replace(":", " ", 1))] if self._given else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        type_, _, id_ = self._given.partition(":")
        name = self.parameter_name
        return queryset.filter(**{f"{name}_type": type_, f"{name}_id": id_})


@admin.register(AuditLog)
class AuditLogAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "created_at",
        "action",
        "actor",
        "resource",
        "reason",
        "asked_by",
        "success",
        "error_message",
        "request_id",
    )
    list_filter = (
        Subject,
        ("actor_type", NewestChoices),
        ("success", NewestYesNo),
        ("created_at", NewestDates),
    )
    date_hierarchy = "created_at"
    searches = (by_text("action"), _by_resource_or_actor)
    search_help_text = "an id of a resource or actor, or an action in full, as in payout.cancel"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "created_at",
                    "action",
                    ("actor", "actor_id"),
                    ("resource", "resource_id"),
                    ("reason", "asked_by"),
                    "success",
                    "error_message",
                )
            },
        ),
        ("What changed", {"fields": ("changes_before", "changes_after", "metadata")}),
        ("The request", {"fields": ("request_id", "ip_address", "user_agent", "transaction_number")}),
    )

    @admin.display(description="actor")
    def actor(self, row: AuditLog) -> SafeString | str:
        return party(row.actor_type, row.actor_id)

    @admin.display(description="resource")
    def resource(self, row: AuditLog) -> SafeString | str:
        return party(row.resource_type, row.resource_id)

    @admin.display(description="reason")
    def reason(self, row: AuditLog) -> str:
        """The reason that was given, wherever the line keeps it."""
        return row.metadata.get("reason") or row.changes_after.get("reason") or EMPTY

    @admin.display(description="requested by")
    def asked_by(self, row: AuditLog) -> SafeString | str:
        """Return the person who requested what another approved, with the approval."""
        approval, by = row.metadata.get("approval"), row.metadata.get("requested_by", "")
        if not approval or not by:
            return EMPTY
        return format_html("{} ({})", party(*by.partition(":")[::2]), party("approval", approval))

    @admin.display(description="change")
    def change(self, row: AuditLog) -> SafeString | str:
        """Before and after on one line."""
        parts = [_brief(part) for part in (row.changes_before, row.changes_after)]
        return format_html("{}", " → ".join(filter(None, parts))) if any(parts) else EMPTY


def _brief(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())[:120]


show_everywhere(
    Table(
        AuditLog,
        by="resource",
        title="Audit trail",
        limit=10,
        columns=("created_at", "action", "actor", "asked_by", "reason", "change", "success", "error_message"),
        ordering=("-created_at", "-id"),
        rows=lambda logs, row: logs.filter(resource_type=row._meta.model_name, resource_id=str(row.pk)),
        key=lambda row: f"{row._meta.model_name}:{row.pk}",
    )
)


@admin.register(PersonalChange)
class PersonalChangeAdmin(ReadOnlyAdmin):
    """Corrections of names and contacts, with the values that the log does not keep."""

    list_display = ("created_at", "resource", "field", "old", "new", "reason", "by")
    list_filter = (Subject,)
    ordering = ("-created_at", "-id")
    searches = (by_uuid("id"), by_text("resource_id"))
    search_help_text = "id of a worker or a platform"
    fields = (("created_at", "resource"), "field", ("old", "new"), "reason", "by")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Read the values with the rows: the list shows them."""
        return super().get_queryset(request).defer(None)

    @admin.display(description="of")
    def resource(self, row: PersonalChange) -> SafeString | str:
        return party(row.resource_type, row.resource_id)

    @admin.display(description="old value")
    def old(self, row: PersonalChange) -> str:
        return masking.value(row.field, row.old_value) or EMPTY

    @admin.display(description="new value")
    def new(self, row: PersonalChange) -> str:
        return masking.value(row.field, row.new_value) or EMPTY

    @admin.display(description="corrected by")
    def by(self, row: PersonalChange) -> SafeString | str:
        return party(*row.changed_by.partition(":")[::2])


@admin.register(StaffMovement)
class StaffMovementAdmin(ReadOnlyAdmin):
    """Money that members of staff have moved alone: it counts against their limit of 24 hours."""

    list_display = ("id", "created_at", "by", "action", "receiver", "amount")
    list_filter = (("created_at", NewestDates),)
    ordering = ("-id",)
    searches = (by_number("id"), by_text("staff", "receiver_id"))
    search_help_text = "number of a row, staff:number, or id of a worker or a platform"

    @admin.display(description="by")
    def by(self, row: StaffMovement) -> SafeString | str:
        return party(*row.staff.partition(":")[::2])

    @admin.display(description="receiver")
    def receiver(self, row: StaffMovement) -> SafeString | str:
        return party(row.receiver_type, row.receiver_id)


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "before_transaction", "row_count", "hash")
    searches = (by_number("id", "before_transaction"), by_hash("hash"), by_text("hash", "previous_hash"))
    search_help_text = "number or hash of a seal"


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """Letters that wait, were sent or were given up; who gets one and what it says is not kept."""

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


@admin.register(JobHeartbeat)
class JobHeartbeatAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "every_seconds",
        "last_started_at",
        "last_finished_at",
        "last_succeeded_at",
        "rows",
        "runs",
        "last_error",
    )
    ordering = ("name",)
    sortable_by = ("name", "every_seconds", "last_started_at", "last_succeeded_at")
    searches = (by_text("name__icontains"),)
    search_help_text = "part of a job's name"
    actions = (
        each(
            "run_now",
            "Run now",
            "ran",
            lambda row: _run(row),
            form=ActForm,
            note="A job may always be run once more.",
        ),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Lists every job of the schedule, also one that has never run, so that it can be run."""
        rows = [JobHeartbeat(name=name, every_seconds=job["every"]) for name, job in settings.JOBS.items()]
        JobHeartbeat.objects.bulk_create(rows, ignore_conflicts=True)
        return super().get_changelist_instance(request)


def _run(row: JobHeartbeat) -> Told:
    if ask_for(row.name):
        return Told(f"{row.name} is asked for: a worker takes it up next.")
    return Told(f"No broker answers: {row.name} runs in its turn.", is_warning=True)


@admin.register(BookCheck)
class BookCheckAdmin(ReadOnlyAdmin):
    list_display = ("checked_at", "name", "passed", "violations", "milliseconds", "words")
    list_filter = ("passed", ("checked_at", admin.DateFieldListFilter))
    ordering = ("-checked_at", "name")
    sortable_by = ("checked_at",)
    searches = (by_text("name__icontains"),)
    search_help_text = "part of an invariant's name"
    change_list_template = "admin/gigstream/checks.html"

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.integrity)
        return [path("integrity/", page, name="audit_integrity"), *super().get_urls()]

    def integrity(self, request: HttpRequest) -> HttpResponse:
        """Every invariant with its last result, time and duration, and the way to the rows that break it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Integrity of the books",
            "found": integrity(),
        }
        return TemplateResponse(request, "console/integrity_staff.html", context)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ("claimed_at", "subject", "holder", "reason", "ended_at", "ender")
    list_filter = ("subject_type", ("ended_at", admin.EmptyFieldListFilter))
    searches = (by_number("id"), by_text("subject_id", "claimed_by"))
    search_help_text = "number of a claim, id of what was claimed, or of a member of staff"

    @admin.display(description="what")
    def subject(self, row: Claim) -> SafeString | str:
        return party(row.subject_type, row.subject_id)

    @admin.display(description="claimed by")
    def holder(self, row: Claim) -> SafeString | str:
        return party(ActorType.STAFF, row.claimed_by)

    @admin.display(description="ended by")
    def ender(self, row: Claim) -> SafeString | str:
        return party(ActorType.STAFF, row.ended_by) if row.ended_by else EMPTY


@admin.register(AnsweredRequest)
class AnsweredRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "caller", "method", "path", "key", "status")
    list_filter = (("created_at", NewestDates),)
    searches = (by_text("caller", "path"),)
    search_help_text = "a caller, as in platform:0192…, or a path in full"


def _is_first(request: HttpRequest, token: str) -> bool:
    return answers.first_time(caller=str(current_actor()), path=request.path, key=token)


register_first_time(_is_first)
register_for_reason(lambda reason: because(Grounds(reason)))
