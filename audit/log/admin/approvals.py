"""Requests for a second person, and the decisions on them, in the timelines of all rows."""

from django.db import models
from django.db.models import Q, QuerySet

from audit.approvals.services import all_kinds
from audit.models import Approval
from gigstream.adminkit import (
    Moment,
    RowSource,
    TimelineKind,
    add_to_timeline,
    admin_url,
    name_rows_by,
    of_subjects,
    timeline_subjects,
)
from gigstream.core.money import usdc


def _kind_words(name: str) -> str:
    kind = all_kinds().get(name)
    return kind.label if kind else name


def _approvals_about(row: models.Model) -> QuerySet[Approval]:
    return Approval.objects.filter(of_subjects(timeline_subjects(row), "subject_type", "subject_id"))


def _moment_of(row: Approval) -> Moment:
    ended = f", {row.decision} {row.decided_at:%Y-%m-%d %H:%M} UTC" if row.decided_at else ""
    failed = f", and could not be done: {row.error}" if row.error else ""
    return Moment(
        at=row.requested_at,
        kind=TimelineKind.STAFF,
        text=f"{_kind_words(row.kind)}: requested from a second person{ended}{failed}",
        by=row.requested_by,
        decided_by=row.decided_by,
        amount="" if row.amount is None else usdc(row.amount),
        why=" – ".join(filter(None, (row.reason, row.decision_reason))),  # noqa: RUF001
        url=admin_url(row),
        is_bad=bool(row.error),
    )


add_to_timeline(
    models.Model,
    RowSource(
        name="approvals",
        model=Approval,
        rows=_approvals_about,
        moment=_moment_of,
        kinds={TimelineKind.STAFF: Q()},
        at="requested_at",
    ),
)
name_rows_by(Approval, "kind", text=lambda row: f"{_kind_words(row.kind)} · {row.reference}")
