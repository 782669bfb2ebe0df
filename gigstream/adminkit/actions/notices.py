"""Notices at the top of a row's page: holds and stops in force, and requests that wait for a second
person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.approvals.services import kind_of
from audit.models import Approval
from gigstream.adminkit.links import isolate_text, link_to
from gigstream.adminkit.subjects import keys_by_type, sources_of, subjects_of
from gigstream.core.clock import DatabaseNow
from gigstream.core.people.staff_names import name_actor


@dataclass(frozen=True, slots=True)
class Notice:
    """Something in force about a row, with the colour of its mark."""

    word: str
    text: SafeString | str
    mark: str = "late"


NoticeSource = Callable[[Sequence[Any]], Mapping[Any, Sequence[Notice]]]

_sources: dict[type[models.Model], list[NoticeSource]] = {}


def add_notices(model: type[models.Model], source: NoticeSource) -> None:
    """Add a source of notices about rows of `model`, by the rows' primary keys; `models.Model` stands for
    every model."""
    _sources.setdefault(model, []).append(source)


def notices_of(rows: Sequence[Any], waiting: Mapping[Any, Sequence[Approval]]) -> dict[Any, list[Notice]]:
    """Return the notices about each of the rows, which are of one model: first what waits for a second
    person."""
    found = {row.pk: [_waits(approval) for approval in waiting.get(row.pk, ())] for row in rows}
    for source in sources_of(_sources, rows):
        for key, notices in source(rows).items():
            found[key].extend(notices)
    return found


def waiting_approvals(rows: Sequence[Any]) -> dict[Any, list[Approval]]:
    """Return the requests about each of the rows that wait for a second person, by one statement."""
    if not rows or not rows[0]._meta.managed:
        return {}
    about = models.Q()
    for kind, keys in keys_by_type(rows).items():
        about |= models.Q(subject_type=kind, subject_id__in=keys)
    waiting = Approval.objects.filter(about, decision=None, expires_at__gt=DatabaseNow())
    by_subject: dict[tuple[str, str], list[Approval]] = {}
    for approval in waiting.order_by("requested_at"):
        by_subject.setdefault((approval.subject_type, approval.subject_id), []).append(approval)
    return {row.pk: [one for key in subjects_of(row) for one in by_subject.get(key, ())] for row in rows}


def _waits(approval: Approval) -> Notice:
    label = kind_of(approval).label
    return Notice(
        "waits for a second person",
        format_html(
            "{}: requested by {} on {}, until {}: {}",
            link_to(approval, label),
            isolate_text(name_actor(approval.requested_by)),
            f"{approval.requested_at:%Y-%m-%d at %H:%M} UTC",
            f"{approval.expires_at:%Y-%m-%d %H:%M} UTC",
            isolate_text(approval.reason),
        ),
    )
