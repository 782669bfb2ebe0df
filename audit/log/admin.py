"""The audit log for staff."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.log.action_registry import action_text, all_actions
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.adminkit import (
    EMPTY,
    BelongsTo,
    NewestChoices,
    NewestDates,
    NewestYesNo,
    ReadOnlyAdmin,
    by_text,
    link_by_kind,
)
from gigstream.adminkit.list_exports import Exports


def _by_resource_or_actor(model: type[models.Model], term: str) -> Q:
    """Return the rows about or by this id; the types are named so that the indexes can be used."""
    names = {registered._meta.model_name for registered in admin.site._registry} | {"api_key"}
    about = Q(resource_type__in=sorted(filter(None, names)), resource_id=term)
    return about | Q(actor_type__in=ActorType.values, actor_id=term)


class Subject(BelongsTo):
    """Rows about a resource, given as type and id: "worker:0192…"."""

    title = parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self._given, self._given.replace(":", " ", 1))] if self._given else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        type_, _, id_ = self._given.partition(":")
        name = self.parameter_name
        return queryset.filter(**{f"{name}_type": type_, f"{name}_id": id_})


class ByAction(admin.SimpleListFilter):
    """Lines of an action, by its registered text."""

    title = parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(all_actions().items(), key=lambda item: item[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditLog)
class AuditLogAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "created_at",
        "done",
        "actor",
        "resource",
        "reason",
        "requester",
        "success",
        "error_message",
        "request_id",
    )
    list_filter = (
        Subject,
        ByAction,
        ("actor_type", NewestChoices),
        ("success", NewestYesNo),
        ("created_at", NewestDates),
    )
    date_hierarchy = "created_at"
    searches = (by_text("action"), _by_resource_or_actor)
    search_help_text = "an id of a resource or actor, or the name of an action, as in payout.cancel"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "created_at",
                    ("done", "action"),
                    ("actor", "actor_id"),
                    ("resource", "resource_id"),
                    ("reason", "requester"),
                    "success",
                    "error_message",
                )
            },
        ),
        ("What changed", {"fields": ("changes_before", "changes_after", "metadata")}),
        ("The request", {"fields": ("request_id", "ip_address", "user_agent", "transaction_number")}),
    )

    @admin.display(description="action")
    def done(self, row: AuditLog) -> SafeString:
        return format_html('<span title="{}">{}</span>', row.action, action_text(row.action))

    @admin.display(description="actor")
    def actor(self, row: AuditLog) -> SafeString | str:
        return link_by_kind(row.actor_type, row.actor_id)

    @admin.display(description="resource")
    def resource(self, row: AuditLog) -> SafeString | str:
        return link_by_kind(row.resource_type, row.resource_id)

    @admin.display(description="reason")
    def reason(self, row: AuditLog) -> str:
        """Return the reason, wherever the line keeps it."""
        return row.metadata.get("reason") or row.changes_after.get("reason") or EMPTY

    @admin.display(description="requested by")
    def requester(self, row: AuditLog) -> SafeString | str:
        """Return the requester of the approved action, with the approval."""
        approval, by = row.metadata.get("approval"), row.metadata.get("requested_by", "")
        if not approval or not by:
            return EMPTY
        return format_html(
            "{} ({})", link_by_kind(*by.partition(":")[::2]), link_by_kind("approval", approval)
        )

    @admin.display(description="change")
    def change(self, row: AuditLog) -> SafeString | str:
        """Return the values before and after, in a line."""
        parts = [_join_values(part) for part in (row.changes_before, row.changes_after)]
        return format_html("{}", " → ".join(filter(None, parts))) if any(parts) else EMPTY


def _join_values(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())[:120]
