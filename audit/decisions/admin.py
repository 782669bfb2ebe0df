"""The decisions about workers, with the rules and the inputs that led to them."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.decisions.rules import all_rules, find_rule
from audit.log.admin import Subject
from audit.models import Decision
from gigstream.adminkit import (
    EMPTY,
    Moment,
    Pair,
    ReadOnlyAdmin,
    RowSource,
    Table,
    TimelineKind,
    add_to_timeline,
    admin_url,
    by_text,
    by_uuid,
    lines_as_html,
    names_of,
    of_subjects,
    pair_of,
    timeline_subjects,
)


class AboutSubject(Subject):
    """Decisions about a subject, given as type and id; of a worker, all decisions about them."""

    title = parameter_name = "subject"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        type_, _, id_ = self._given.partition(":")
        if type_ != "worker":
            return super().queryset(request, queryset)
        condition = by_uuid("worker_id")(Decision, id_)
        return queryset.filter(condition) if condition else queryset.none()


class ByRule(admin.SimpleListFilter):
    """Decisions under a rule, of any version."""

    title = parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, key) for key in sorted({rule.key for rule in all_rules()})]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(rule=self.value()) if self.value() else queryset


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "rule", "outcome", "sentence", "reason", "worker", "subject", "decider")
    list_filter = (AboutSubject, ByRule, ("decided_at", admin.DateFieldListFilter))
    ordering = ("-decided_at", "-id")
    sortable_by = ("decided_at",)
    searches = (by_uuid("id", "worker_id"), by_text("subject_id", "rule", "outcome", "decided_by"))
    search_help_text = "id of a decision, a worker or a subject, a rule, an outcome, or staff:number"
    fieldsets = (
        (None, {"fields": ("sentence", "reason", "outcome", ("worker", "subject"))}),
        ("Decided", {"fields": (("decider", "requester", "decided_at"), "needs_person")}),
        ("Rule", {"fields": (("rule", "version"), "rule_in_words", "inputs_in_words")}),
    )

    def named_pairs(self, row: Decision) -> list[Pair]:
        rows = [("worker", str(row.worker_id)), (row.subject_type, row.subject_id)]
        return [*rows, pair_of(row.decided_by), pair_of(row.requested_by)]

    @admin.display(description="worker")
    def worker(self, row: Decision) -> SafeString | str:
        return names_of(row).link("worker", str(row.worker_id))

    @admin.display(description="subject")
    def subject(self, row: Decision) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id)

    @admin.display(description="decided by")
    def decider(self, row: Decision) -> SafeString | str:
        return names_of(row).actor(row.decided_by)

    @admin.display(description="requested by")
    def requester(self, row: Decision) -> SafeString | str:
        return names_of(row).actor(row.requested_by) if row.requested_by else EMPTY

    @admin.display(description="in words")
    def rule_in_words(self, row: Decision) -> str:
        rule = find_rule(row.rule, row.version)
        return rule.text if rule else EMPTY

    @admin.display(description="inputs")
    def inputs_in_words(self, row: Decision) -> SafeString | str:
        """Return each input with its value."""
        rule = find_rule(row.rule, row.version)
        words = rule.inputs if rule else {}
        lines = [
            (words.get(name, name), EMPTY if value is None else value) for name, value in row.inputs.items()
        ]
        return lines_as_html(lines) if lines else EMPTY


def decisions_table() -> Table:
    """Return the table of the decisions on a row, for its page: of a worker, all about them."""
    return Table(
        Decision,
        by="subject",
        columns=("decided_at", "rule", "outcome", "sentence", "reason", "decider"),
        limit=10,
        rows=_decisions_on,
        key=lambda row: f"{row._meta.model_name}:{row.pk}",
    )


def _decisions_on(rows: QuerySet, row: models.Model) -> QuerySet:
    name = row._meta.model_name
    if name == "worker":
        return rows.filter(worker_id=row.pk)
    return rows.filter(subject_type=name, subject_id=str(row.pk))


def _decisions_in_timeline(row: models.Model) -> QuerySet[Decision]:
    """Return the decisions about a worker, or on a row and those that its timeline follows."""
    if row._meta.model_name == "worker":
        return Decision.objects.filter(worker_id=row.pk)
    return Decision.objects.filter(of_subjects(timeline_subjects(row), "subject_type", "subject_id"))


def _moment_of(row: Decision) -> Moment:
    return Moment(
        at=row.decided_at,
        kind=TimelineKind.DECISIONS,
        text=row.sentence,
        by=row.decided_by,
        requested_by=row.requested_by,
        about=(row.subject_type, row.subject_id),
        why=row.reason,
        url=admin_url(row),
    )


add_to_timeline(
    models.Model,
    RowSource(
        name="decisions",
        model=Decision,
        rows=_decisions_in_timeline,
        moment=_moment_of,
        kinds={TimelineKind.DECISIONS: models.Q()},
        at="decided_at",
    ),
)
