"""The list of the audit log and the page of a line."""

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.log.action_registry import action_text
from audit.log.admin.changes import change_lines, change_pairs, change_text, personal_lines, reason_of
from audit.log.admin.filters import FILTERS, Subject, occurring_actions
from audit.log.enums import ActorType
from audit.models import AuditLog
from audit.personal_changes.selectors import changes_of_lines
from gigstream.adminkit import (
    EMPTY,
    Names,
    Pair,
    ReadOnlyAdmin,
    by_text,
    lines_as_html,
    names_of,
    pair_of,
)
from gigstream.adminkit.export_columns import CHUNK
from gigstream.adminkit.list_exports import Exports
from gigstream.core.people import masking

# Columns of a file beside those of the table: everybody and everything by name.
NAMED_COLUMNS = ("action_text", "actor_name", "resource_name", "reason", "requested_by_name", "change")


def _by_resource_or_actor(model: type[models.Model], term: str) -> Q:
    """Return the rows about or by this id; the types are named so that the indexes can be used."""
    names = {registered._meta.model_name for registered in admin.site._registry} | {"api_key"}
    about = Q(resource_type__in=sorted(filter(None, names)), resource_id=term)
    return about | Q(actor_type__in=ActorType.values, actor_id=term)


@admin.register(AuditLog)
class AuditLogAdmin(Exports, ReadOnlyAdmin):
    """Actions, done or refused: when, by whom, on what, why, and the change."""

    change_list_template = "admin/gigstream/audit_log.html"
    has_timeline = False
    list_display = ("when", "actor", "done", "resource", "reason", "requester", "change", "outcome")
    list_filter = (Subject, *FILTERS)
    # The form above the list has them all.
    filtered_by = ()
    ordering = ("-created_at", "-id")
    searches = (by_text("action"), _by_resource_or_actor)
    search_help_text = "an id of a resource or actor, or the name of an action, as in payout.cancel"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("when", "actor"),
                    ("done", "resource"),
                    ("reason", "requester"),
                    "changes_in_words",
                    "outcome",
                )
            },
        ),
        (
            "The request and technical data",
            {
                "fields": (
                    ("action", "actor_id", "resource_id"),
                    ("changes_before", "changes_after"),
                    "metadata",
                    ("request_id", "ip_address", "user_agent"),
                    "transaction_number",
                ),
                "classes": ("collapse",),
            },
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        fields = ["resource", *(one.parameter_name for one in FILTERS)]
        context = {
            **(extra_context or {}),
            "actions_by_subject": occurring_actions(),
            "given": {name: request.GET.get(name, "") for name in fields},
        }
        return super().changelist_view(request, context)

    def named_pairs(self, row: AuditLog) -> list[Pair]:
        return [
            (row.actor_type, row.actor_id),
            (row.resource_type, row.resource_id),
            pair_of(row.metadata.get("requested_by", "")),
            ("approval", row.metadata.get("approval", "")),
            *change_pairs(row.changes_before, row.changes_after),
        ]

    @admin.display(description="when", ordering="created_at")
    def when(self, row: AuditLog) -> str:
        return f"{row.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="what was done")
    def done(self, row: AuditLog) -> SafeString:
        return format_html('<span title="{}">{}</span>', row.action, action_text(row.action))

    @admin.display(description="who")
    def actor(self, row: AuditLog) -> SafeString | str:
        return names_of(row).link(row.actor_type, row.actor_id)

    @admin.display(description="on what")
    def resource(self, row: AuditLog) -> SafeString | str:
        return names_of(row).link(row.resource_type, row.resource_id)

    @admin.display(description="reason")
    def reason(self, row: AuditLog) -> str:
        return reason_of(row) or EMPTY

    @admin.display(description="by two people")
    def requester(self, row: AuditLog) -> SafeString | str:
        """Return who requested and who approved the action, with the approval."""
        approval, by = row.metadata.get("approval"), row.metadata.get("requested_by", "")
        if not approval or not by:
            return EMPTY
        names = names_of(row)
        return format_html(
            "requested by {}, approved by {} ({})",
            names.actor(by),
            names.link(row.actor_type, row.actor_id),
            names.link("approval", approval),
        )

    @admin.display(description="before → after")
    def change(self, row: AuditLog) -> str:
        return (
            change_text(row.changes_before, row.changes_after, names_of(row))
            or _corrected_columns(row)
            or EMPTY
        )

    @admin.display(description="before → after")
    def changes_in_words(self, row: AuditLog) -> SafeString | str:
        """Return each changed column in a line, with personal values for staff who may see them."""
        lines = change_lines(row.changes_before, row.changes_after, names_of(row))
        lines += personal_lines(changes_of_lines([row]).get(row.pk, ()))
        return lines_as_html(lines) if lines else _corrected_columns(row) or EMPTY

    @admin.display(description="outcome")
    def outcome(self, row: AuditLog) -> SafeString:
        tone, word = ("ok", "done") if row.success else ("failed", "refused")
        badge = '<span class="badge badge-{}">{}</span> {}'
        return format_html(badge, tone, word, row.error_message)

    # --- Files ---
    def export_lines(self, queryset: Any) -> tuple[Sequence[str], Generator[Sequence[Any], None, None]]:
        """Return the columns of the table, and all that they refer to by name."""
        headers, lines = super().export_lines(queryset)
        return [*headers, *NAMED_COLUMNS], self._name_lines(headers, lines)

    def _name_lines(
        self, headers: Sequence[str], lines: Generator[Sequence[Any], None, None]
    ) -> Generator[Sequence[Any], None, None]:
        """Yield the lines with their names, which are read a chunk at a time."""
        with closing(lines):
            while chunk := list(islice(lines, CHUNK)):
                rows = [_row_of_line(headers, line) for line in chunk]
                known = Names(pair for row in rows for pair in self.named_pairs(row))
                for row, line in zip(rows, chunk, strict=True):
                    yield [*line, *_named_values(row, known)]


def _row_of_line(headers: Sequence[str], line: Sequence[Any]) -> AuditLog:
    """Return the row whose values the line has; JSON is text where personal data are hidden."""
    values = dict(zip(headers, line, strict=True))
    for name in ("changes_before", "changes_after", "metadata"):
        if isinstance(values[name], str):
            values[name] = json.loads(values[name] or "{}")
    return AuditLog(**values)


def _corrected_columns(row: AuditLog) -> str:
    """Return the names of the personal columns that the line corrects, whose values stand elsewhere."""
    names = row.metadata.get("fields") or []
    return ", ".join(f"{str(name).replace('_', ' ')} corrected" for name in names)


def _named_values(row: AuditLog, names: Names) -> list[str]:
    by = row.metadata.get("requested_by", "")
    return [
        action_text(row.action),
        names.text(row.actor_type, row.actor_id),
        names.text(row.resource_type, row.resource_id),
        masking.mask_value("reason", reason_of(row)),
        names.text(*pair_of(by)) if by else "",
        masking.mask_value("change", change_text(row.changes_before, row.changes_after, names)),
    ]
