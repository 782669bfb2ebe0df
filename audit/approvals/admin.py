"""Requests that wait for a second person, and decided requests."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.approvals import services as approvals
from audit.approvals.enums import ApprovalDecision
from audit.log.admin import Subject
from audit.log.context import current_actor
from audit.models import Approval, LimitChange
from gigstream.adminkit import (
    EMPTY,
    ActionResult,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_text,
    by_uuid,
    lines_as_html,
    link_by_kind,
    show_everywhere,
    show_on,
)
from gigstream.adminkit.search import by_reference
from gigstream.core.clock import DatabaseNow

WAITING = "waiting"


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


def _may_decide(user: Any, row: Approval) -> bool:
    """Whether this member of staff has the permissions for deciding on this kind of action."""
    return bool(user.has_perms((approvals.MAY_DECIDE, approvals.kind_of(row).permission)))


def _in_words(row: Approval) -> SafeString:
    """Return the action and its reason, line by line."""
    kind = approvals.kind_of(row)
    return lines_as_html([("To be done", kind.label), *kind.describe(row), ("Reason", row.reason)])


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
        (None, {"fields": ("label", "state", "in_words", "amount", "subject", "reason")}),
        ("Requested", {"fields": (("requester", "requested_at", "expires_at"),)}),
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
            may=_may_decide,
            money=lambda row: row.amount,
            describe=_in_words,
            note="Each is executed at once, as it was requested.",
        ),
        RowAction(
            name="refuse",
            label="Refuse",
            done="refused",
            run=lambda row, reason: approvals.refuse(approval_id=row.pk, reason=reason),
            when=_is_of_another,
            may=_may_decide,
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

    @admin.display(description="action")
    def label(self, row: Approval) -> str:
        return approvals.kind_of(row).label

    @admin.display(description="in words")
    def in_words(self, row: Approval) -> SafeString:
        return _in_words(row)

    @admin.display(description="subject")
    def subject(self, row: Approval) -> SafeString | str:
        return link_by_kind(row.subject_type, row.subject_id)

    @admin.display(description="requested by")
    def requester(self, row: Approval) -> SafeString | str:
        return link_by_kind(*row.requested_by.partition(":")[::2])

    @admin.display(description="decided by")
    def decided(self, row: Approval) -> SafeString | str:
        return link_by_kind(*row.decided_by.partition(":")[::2]) if row.decided_by else EMPTY

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
