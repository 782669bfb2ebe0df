from typing import Self
from uuid import UUID

from django.db.models import Q

from gigstream.core.models import GuardedQuerySet, M
from payments.ledger.subjects import STREAM, SubjectKind


def belong_to(kind: SubjectKind, *ids: UUID) -> Q:
    """Return the condition of entries that belong to these rows, in the terms of the two indexes: releases
    are found through their streams, all others through their subject."""
    named = Q(subject_id=ids[0]) if len(ids) == 1 else Q(subject_id__in=ids)
    return Q(named, subject_kind=kind.number, sequence__isnull=kind != STREAM)


class LedgerEntryQuerySet(GuardedQuerySet[M]):
    """Ledger entries, by the rows that they belong to."""

    def of(self, kind: SubjectKind, *ids: UUID) -> Self:
        """Return the entries that belong to these rows; of a stream its releases."""
        return self.filter(belong_to(kind, *ids))
