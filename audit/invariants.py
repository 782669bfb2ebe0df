"""What must hold in the books: each app registers its own, `check_books` runs them all."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from audit import sealing
from audit.approvals import hash_of
from audit.enums import Decision
from audit.models import Approval

Finder = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement about the books, in words, and a finder of the ids that break it. Where it is about
    `money`, a violation means that some may leave, or have left, wrongly."""

    name: str
    words: str
    find: Finder
    money: bool = False


_registry: dict[str, Invariant] = {}


def register(invariant: Invariant) -> None:
    """Add an invariant; its name must be new."""
    if invariant.name in _registry:
        raise ValueError(f"there is already an invariant {invariant.name}")
    _registry[invariant.name] = invariant


def all_invariants() -> list[Invariant]:
    """Every registered invariant, in order of registration."""
    return list(_registry.values())


def by_sql(statement: str) -> Finder:
    """A finder that runs one SELECT whose first column names each offender."""

    def find() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    return find


register(
    Invariant(
        "audit_chain_verifies",
        "Every link of the audit chain follows from its rows and from the link before.",
        lambda: [str(seal_id) for seal_id in sealing.broken_seals()],
    )
)


def _changed_payloads() -> list[str]:
    """What was approved and is not, by its hash, what was asked for."""
    approved = Approval.objects.filter(decision=Decision.APPROVED).order_by("pk")
    return [str(one.pk) for one in approved.iterator() if hash_of(one) != one.payload_hash]


register(
    Invariant(
        "approval_is_of_two_people",
        "What was approved was asked for by one and approved by another member of staff, in time.",
        by_sql(
            """
            SELECT id FROM approvals WHERE decision = 'approved'
            AND (decided_by = requested_by OR decided_by NOT LIKE 'staff:%' OR decided_at >= expires_at
                 OR (executed_at IS NULL) = (error = ''))
            """
        ),
        money=True,
    )
)
register(
    Invariant(
        "approval_executes_what_was_asked_for",
        "The hash of everything that was approved is that of what was asked for.",
        _changed_payloads,
        money=True,
    )
)
register(
    Invariant(
        "approval_is_in_the_log",
        "Every decision about what needs two people is in the audit log, by who made it.",
        by_sql(
            """
            SELECT a.id FROM approvals a
            WHERE a.decision IN ('approved', 'refused', 'withdrawn') AND NOT EXISTS (
                SELECT 1 FROM audit_logs l
                WHERE l.resource_type = 'approval' AND l.resource_id = a.id::text
                AND l.action <> 'approval.request'
                AND a.decided_by = l.actor_type || ':' || l.actor_id)
            """
        ),
    )
)
