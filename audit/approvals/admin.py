"""Requests that wait for a second person, and decided requests."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from audit.approvals import services as approvals
from audit.approvals.enums import ApprovalDecision
from audit.log.admin import Subject
from audit.log.context import current_actor
from audit.models import Approval, LimitChange
from gigstream.adminkit import (
    EMPTY,
    ActionResult,
    Pair,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_text,
    by_uuid,
    isolate_text,
    link_with_reference,
    names_of,
    pair_of,
    show_everywhere,
    show_on,
)
from gigstream.adminkit.actions import ContextLine, add_context, against, context_of
from gigstream.adminkit.columns import secret_columns
from gigstream.adminkit.names import model_named
from gigstream.adminkit.search import by_reference
from gigstream.core.clock import DatabaseNow
from gigstream.core.people.staff_names import name_actor

WAITING = "waiting"
# A longer text, such as the terms of an advance, stands on the request's own pages alone, after all else.
LONGEST_ON_CARD = 160


def _approval_result(approval: Approval) -> ActionResult:
    label = approvals.kind_of(approval).label
    if approval.error:
        return ActionResult(
            f"{label} was approved and could not be done: {approval.error}", approval, is_warning=True
        )
    return ActionResult(f"{label} was approved and done:", approval)


class AboutSubject(Subject):
    title = parameter_name = "subject"


class State(admin.SimpleListFilter):
    """Approvals that wait, or with a certain decision."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(WAITING, "Waiting"), *ApprovalDecision.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(decision=None if self.value() == WAITING else self.value())


def _is_open(row: Approval) -> bool:
    return row.decision is None


def _is_of_another(row: Approval) -> bool:
    return _is_open(row) and row.requested_by != str(current_actor())


def _subjects(rows: Sequence[Approval]) -> dict[tuple[str, str], Any]:
    """Return the rows that the requests are about, by type and id, with a statement for each type."""
    keys: dict[str, set[str]] = {}
    for row in rows:
        keys.setdefault(row.subject_type, set()).add(row.subject_id)
    found: dict[tuple[str, str], Any] = {}
    for kind, ids in keys.items():
        model = model_named(kind)
        if model is None:
            continue
        related = _related(model)
        every = model._default_manager.filter(pk__in=ids).defer(*secret_columns(model))
        found |= {(kind, str(one.pk)): one for one in every.select_related(*related)}
    return found


def _related(model: type[Any]) -> Sequence[str]:
    target: Any = admin.site.get_model_admin(model)
    return tuple(target.list_select_related)


def _context(rows: Sequence[Approval]) -> dict[Any, list[ContextLine]]:
    """Return the requests in words, the context of their rows, and the reasons against them."""
    subjects = _subjects(rows)
    by_type: dict[type[Any], list[Any]] = {}
    for subject in subjects.values():
        by_type.setdefault(type(subject), []).append(subject)
    about = {model: context_of(own) for model, own in by_type.items()}
    words, obstacles = approvals.explain_all(rows), approvals.obstacles_to(rows)
    found = {}
    for row in rows:
        subject = subjects.get((row.subject_type, row.subject_id))
        named = link_with_reference(subject) or names_of(row).link(row.subject_type, row.subject_id)
        lines = [ContextLine("About", named)]
        if row.pk in obstacles:
            lines.append(against("If it is approved now", obstacles[row.pk]))
        lines += _request_lines(row)
        short = [(label, text, len(text) <= LONGEST_ON_CARD) for label, text in words[row.pk]]
        lines += [ContextLine(label, text, on_card=True) for label, text, fits in short if fits]
        lines += about[type(subject)][subject.pk] if subject is not None else ()
        lines += [ContextLine(label, text, on_card=False) for label, text, fits in short if not fits]
        found[row.pk] = lines
    return found


def _request_lines(row: Approval) -> list[ContextLine]:
    """Return who requested it, when, until when and why; a card has these in its columns."""
    by = isolate_text(name_actor(row.requested_by))
    when = format_html("{} on {} UTC", by, f"{row.requested_at:%Y-%m-%d at %H:%M}")
    return [
        ContextLine("Requested by", when, on_card=False),
        ContextLine("Because", isolate_text(row.reason), on_card=False),
        ContextLine("Can be decided until", f"{row.expires_at:%Y-%m-%d %H:%M} UTC", on_card=False),
    ]


add_context(Approval, _context)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = (
        "requested_at",
        "label",
        "amount",
        "subject",
        "reason",
        "requester",
        "state",
        "age",
        "expires_at",
        "decided",
    )
    list_filter = (State, AboutSubject)
    ordering = ("-requested_at", "-id")
    sortable_by = ("requested_at", "amount")
    searches = (
        by_reference(),
        by_uuid("id", "subject_id"),
        by_text("kind", "requested_by", "payload_hash"),
    )
    search_help_text = "reference, id of an approval or of its subject, a kind, or staff:number"
    fieldsets = (
        (None, {"fields": ("label", "state", "amount", "in_words")}),
        ("Requested", {"fields": ("reason", ("requester", "requested_at", "expires_at"), "subject")}),
        ("Decided", {"fields": (("decided", "decided_at"), "decision_reason", "executed_at", "error")}),
        ("Made", {"fields": ("outcome",)}),
        ("The payload", {"fields": ("kind", "parameters", "payload_hash"), "classes": ("collapse",)}),
    )
    actions = (
        RowAction(
            name="approve",
            label="Approve and execute",
            done="approved",
            run=lambda row, reason: _approval_result(approvals.approve(approval_id=row.pk, reason=reason)),
            when=_is_of_another,
            permissions=approvals.permissions_to_decide,
            money=lambda row: row.amount,
            note="Each is executed at once, as it was requested.",
        ),
        RowAction(
            name="refuse",
            label="Refuse",
            done="refused",
            run=lambda row, reason: approvals.refuse(approval_id=row.pk, reason=reason),
            when=_is_of_another,
            permissions=approvals.permissions_to_decide,
            money=lambda row: row.amount,
        ),
        RowAction(
            name="withdraw",
            label="Withdraw",
            done="withdrawn",
            run=lambda row, reason: approvals.withdraw(approval_id=row.pk, reason=reason),
            when=lambda row: _is_open(row) and not _is_of_another(row),
            money=lambda row: row.amount,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(as_of=DatabaseNow())

    def named_pairs(self, row: Approval) -> list[Pair]:
        return [(row.subject_type, row.subject_id), pair_of(row.requested_by), pair_of(row.decided_by)]

    @admin.display(description="action")
    def label(self, row: Approval) -> str:
        return approvals.kind_of(row).label

    @admin.display(description="in words")
    def in_words(self, row: Approval) -> SafeString:
        """Return the context of the decision, as the page that confirms it shows it."""
        lines = context_of([row])[row.pk]
        return mark_safe(render_to_string("admin/gigstream/context.html", {"lines": lines}))  # noqa: S308

    @admin.display(description="subject")
    def subject(self, row: Approval) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id)

    @admin.display(description="requested by")
    def requester(self, row: Approval) -> SafeString | str:
        return names_of(row).actor(row.requested_by)

    @admin.display(description="decided by")
    def decided(self, row: Approval) -> SafeString | str:
        return names_of(row).actor(row.decided_by) if row.decided_by else EMPTY

    @admin.display(description="state")
    def state(self, row: Approval) -> SafeString:
        """Return the decision; an approval whose action was refused has failed."""
        name = "failed" if row.error else row.decision or WAITING
        return format_html('<span class="badge badge-{}">{}</span>', name, name.capitalize())

    @admin.display(description="age")
    def age(self, row: Any) -> str:
        """Return how long it has waited, or did."""
        seconds = ((row.decided_at or row.as_of) - row.requested_at).total_seconds()
        hours, minutes = divmod(int(seconds) // 60, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"


show_everywhere(
    Table(
        Approval,
        by="subject",
        title="Approvals",
        limit=5,
        columns=("requested_at", "label", "amount", "reason", "requester", "state", "decided"),
        rows=lambda rows, row: rows.filter(subject_type=row._meta.model_name, subject_id=str(row.pk)),
        key=lambda row: f"{row._meta.model_name}:{row.pk}",
    )
)


show_on(
    LimitChange,
    Table(
        LimitChange,
        by="name",
        title="History",
        columns=("changed_at", "set_to", "changed_by", "approval"),
        rows=lambda rows, row: rows.filter(name=row.name),
        key=lambda row: row.name,
    ),
)
