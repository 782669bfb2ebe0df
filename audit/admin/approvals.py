"""What waits for a second person, what was decided, and the limits that change only so."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit import approvals, limits
from audit.admin.log import Subject
from audit.context import current_actor
from audit.enums import Decision
from audit.models import Approval, LimitChange
from audit.pages import told
from gigstream.lib.admin import (
    EMPTY,
    ReadOnlyAdmin,
    ReasonForm,
    Table,
    Told,
    by_number,
    by_text,
    by_uuid,
    each,
    lines_as_html,
    party,
    show_everywhere,
    show_on,
)

WAITING = "waiting"


def _approved(approval: Approval) -> Told:
    words = approvals.kind_of(approval).words
    if approval.error:
        return Told(
            f"{words} was approved and could not be done: {approval.error}", approval, is_warning=True
        )
    return Told(f"{words} was approved and done:", approval)


class AboutSubject(Subject):
    title = parameter_name = "subject"


class State(admin.SimpleListFilter):
    """Waiting, or how it was decided."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(WAITING, "Waiting"), *Decision.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(decision=None if self.value() == WAITING else self.value())


def _is_open(row: Approval) -> bool:
    return row.decision is None


def _is_anothers(row: Approval) -> bool:
    return _is_open(row) and row.requested_by != str(current_actor())


def _may_decide(user: Any, row: Approval) -> bool:
    """Whether this member of staff has the permissions that deciding on this kind of act takes."""
    return bool(user.has_perms((approvals.MAY_DECIDE, approvals.kind_of(row).permission)))


def _in_words(row: Approval) -> SafeString:
    """What is to be done and why, line by line."""
    kind = approvals.kind_of(row)
    return lines_as_html([("To be done", kind.words), *kind.tell(row), ("Reason", row.reason)])


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = (
        "requested_at",
        "what",
        "amount",
        "subject",
        "reason",
        "asked_by",
        "state",
        "age",
        "expires_at",
        "decided",
    )
    list_filter = (State, AboutSubject)
    ordering = ("-requested_at", "-id")
    sortable_by = ("requested_at", "amount")
    searches = (by_uuid("id", "subject_id"), by_text("kind", "requested_by", "payload_hash"))
    search_help_text = "id of an approval or of what it is about, a kind, or staff:number"
    fieldsets = (
        (None, {"fields": ("what", "state", "in_words", "amount", "subject", "reason")}),
        ("Asked for", {"fields": (("asked_by", "requested_at", "expires_at"),)}),
        ("Decided", {"fields": (("decided", "decided_at"), "decision_reason", "executed_at", "error")}),
        ("Made", {"fields": ("outcome",)}),
        ("The payload", {"fields": ("kind", "parameters", "payload_hash"), "classes": ("collapse",)}),
    )
    actions = (
        each(
            "approve",
            "Approve and do it",
            "approved",
            lambda row, reason: _approved(approvals.approve(approval_id=row.pk, reason=reason)),
            when=_is_anothers,
            may=_may_decide,
            money=lambda row: row.amount,
            tell=_in_words,
            note="Each is done at once, as it was asked for.",
        ),
        each(
            "refuse",
            "Refuse",
            "refused",
            lambda row, reason: approvals.refuse(approval_id=row.pk, reason=reason),
            when=_is_anothers,
            may=_may_decide,
            money=lambda row: row.amount,
        ),
        each(
            "withdraw",
            "Withdraw",
            "withdrawn",
            lambda row, reason: approvals.withdraw(approval_id=row.pk, reason=reason),
            when=lambda row: _is_open(row) and not _is_anothers(row),
            money=lambda row: row.amount,
        ),
    )

    @admin.display(description="what")
    def what(self, row: Approval) -> str:
        return approvals.kind_of(row).words

    @admin.display(description="in words")
    def in_words(self, row: Approval) -> SafeString:
        return _in_words(row)

    @admin.display(description="subject")
    def subject(self, row: Approval) -> SafeString | str:
        return party(row.subject_type, row.subject_id)

    @admin.display(description="asked for by")
    def asked_by(self, row: Approval) -> SafeString | str:
        return party(*row.requested_by.partition(":")[::2])

    @admin.display(description="decided by")
    def decided(self, row: Approval) -> SafeString | str:
        return party(*row.decided_by.partition(":")[::2]) if row.decided_by else EMPTY

    @admin.display(description="state")
    def state(self, row: Approval) -> SafeString:
        """The decision; an approval whose act was refused has failed."""
        name = "failed" if row.error else row.decision or WAITING
        return format_html('<span class="badge badge-{}">{}</span>', name, name.capitalize())

    @admin.display(description="age")
    def age(self, row: Approval) -> str:
        """How long it has waited, or did."""
        seconds = ((row.decided_at or timezone.now()) - row.requested_at).total_seconds()
        hours, minutes = divmod(int(seconds) // 60, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"


show_everywhere(
    Table(
        Approval,
        by="subject",
        title="Approvals",
        limit=5,
        columns=("requested_at", "what", "amount", "reason", "asked_by", "state", "decided"),
        rows=lambda rows, row: rows.filter(subject_type=row._meta.model_name, subject_id=str(row.pk)),
        key=lambda row: f"{row._meta.model_name}:{row.pk}",
    )
)


# --- Limits -------------------------------------------------------------------------------------------------
class LimitForm(ReasonForm):
    value = forms.CharField(
        required=False, max_length=32, help_text="Left empty, what the environment says holds again."
    )
    field_order = ("value", "reason")


class Holding(admin.SimpleListFilter):
    """The whole history, or only what holds now."""

    title, parameter_name = "time", "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        newest = LimitChange.objects.values("name").annotate(newest=Max("id"))
        return queryset.filter(pk__in=newest.values("newest"))


@admin.register(LimitChange)
class LimitChangeAdmin(ReadOnlyAdmin):
    list_display = ("name", "words", "set_to", "changed_by", "changed_at", "approval")
    list_select_related = ("approval",)
    list_filter = (Holding,)
    ordering = ("-id",)
    searches = (by_number("id"), by_text("name"))
    search_help_text = "name of a limit, or number of a change"
    actions = (
        each(
            "set",
            "Change the limit",
            "asked for",
            lambda row, value, reason: told(limits.ask_to_change(name=row.name, value=value, reason=reason)),
            form=LimitForm,
            single=True,
            note="It changes when a second person has approved it.",
        ),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        limits.list_all()
        return super().get_changelist_instance(request)

    @admin.display(description="what it limits")
    def words(self, row: LimitChange) -> str:
        known = limits.all_limits().get(row.name)
        return known.words if known else EMPTY

    @admin.display(description="set to")
    def set_to(self, row: LimitChange) -> str:
        known = limits.all_limits().get(row.name)
        unit, default = (known.unit, known.default()) if known else ("", EMPTY)
        return f"{default} {unit}, as the environment says" if row.value is None else f"{row.value} {unit}"


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
